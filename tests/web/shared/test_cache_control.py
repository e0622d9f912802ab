"""What the dashboard answers is kept in no cache."""

from __future__ import annotations

import pytest
from django.http import StreamingHttpResponse
from django.test import AsyncClient

from dashboard.models import Run
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.shared.cache_control import NOT_CACHED
from tests.runs.fakes import FakeTargets


@pytest.fixture
async def run(laboratory: Laboratory) -> Run:
    """A run that has ended."""
    run = await laboratory.start(make_plan(FakeTargets().project, scenario="sleep", requests=4))
    await laboratory.outcome(run)
    return run


async def test_pages_fragments_frames_and_exports_are_not_cached(
    browser: AsyncClient, run: Run
) -> None:
    addresses = [
        *("/", "/runs/", "/explore/", "/survey/", "/claims/", "/nowhere/", f"/runs/{run.pk}/"),
        *(f"/runs/{run.pk}/frames", f"/runs/{run.pk}/export/csv", f"/runs/{run.pk}/export/json"),
    ]
    for address in addresses:
        answer = await browser.get(address)
        assert answer.headers["Cache-Control"] == NOT_CACHED, address
        if isinstance(answer, StreamingHttpResponse):
            answer.close()
