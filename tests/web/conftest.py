"""A dashboard with a fake laboratory and the real views and websocket."""

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
    """An engine that responds at once."""
    return FakeEngine()


@pytest.fixture
async def laboratory(
    engine: FakeEngine, tmp_path: Path, transactional_db: None
) -> AsyncIterator[Laboratory]:
    """The views' laboratory; active runs are stopped at the end."""
    made = fake_laboratory(engine, tmp_path)
    set_laboratory(made)
    yield made
    await made.close()


@pytest.fixture
def browser(laboratory: Laboratory) -> AsyncClient:
    """A client of the dashboard."""
    return AsyncClient()
