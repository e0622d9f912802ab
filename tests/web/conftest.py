"""A dashboard whose laboratory replays: views and websocket are the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from django.test import AsyncClient

from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.shared.laboratory_access import set_laboratory
from tests.runs.fakes import FakeEngine, fake_laboratory


@pytest.fixture
def engine() -> FakeEngine:
    """An engine that answers at once."""
    return FakeEngine()


@pytest.fixture
async def laboratory(
    engine: FakeEngine, tmp_path: Path, transactional_db: None
) -> AsyncIterator[Laboratory]:
    """The views' laboratory; whatever still runs is stopped at the end."""
    made = fake_laboratory(engine, tmp_path)
    set_laboratory(made)
    yield made
    await made.close()


@pytest.fixture
def browser(laboratory: Laboratory) -> AsyncClient:
    """A client of the furnished dashboard."""
    return AsyncClient()
