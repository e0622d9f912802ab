"""A load generator that the tests of a module share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.firing import engine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def process() -> AsyncIterator[asyncio.subprocess.Process]:
    """A load generator as a child. For modules whose tests have one event loop."""
    async with engine() as running:
        yield running
