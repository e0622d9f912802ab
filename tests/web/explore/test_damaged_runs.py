"""One damaged run of an experiment costs its own numbers: the page shows all others."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.models import Run, RunLane
from dashboard.runs.queue.laboratory import Laboratory
from tests.web.explore.test_capacity import FIELDS as CAPACITY
from tests.web.explore.test_explore import MATRIX, SWEEP, fired
from tests.web.history.mutations import mutated
from tests.web.history.test_unreadable_runs import RAW, store_raw

WHOLE_MATRIX = {**MATRIX, "servers": ["daphne", "uvicorn", "waitress", "gunicorn-gthread"]}
NOT_HELD = {**CAPACITY, "rate": "50", "p95": "50"}
KINDS = [("matrix", WHOLE_MATRIX), ("sweep", SWEEP), ("capacity", NOT_HELD)]
ODD: list[dict[str, Any]] = [
    *({"plan": 7}, {"plan": {}}, {"plan": {"lanes": [1]}}),
    *({"report": "text"}, {"report": {"lanes": []}}, {"report": {"lanes": None, "verdict": 7}}),
]


async def page_of(browser: AsyncClient, experiment: str) -> str:
    for part in ("", "answer/", "answer.json", "answer.csv"):
        response = await browser.get(f"/explore/{experiment}/{part}")
        assert response.status_code == 200, part
    return (await browser.get(f"/explore/{experiment}/")).content.decode()


@pytest.mark.thorough
@pytest.mark.parametrize(("kind", "fields"), KINDS)
async def test_a_damaged_run_is_named_and_the_others_are_shown(
    browser: AsyncClient, laboratory: Laboratory, kind: str, fields: Any
) -> None:
    experiment = await fired(browser, laboratory, kind, fields)
    whole = await page_of(browser, experiment.pk)
    assert "cannot be shown" not in whole
    runs = [run async for run in experiment.runs.order_by("position")]
    assert len(runs) > 1
    odd, other = runs[-1], runs[-2]
    for values in ODD:
        await Run.objects.filter(pk=odd.pk).aupdate(**values)
        page = await page_of(browser, experiment.pk)
        assert f"1 run cannot be shown ({odd.pk})" in page, values
        assert f'href="/runs/{other.pk}/"' in page
        await Run.objects.filter(pk=odd.pk).aupdate(plan=odd.plan, report=odd.report)
    for column in ("plan", "created", "title"):
        await store_raw("dashboard_run", column, RAW[column], odd.pk)
    assert f"({odd.pk})" in await page_of(browser, experiment.pk)


@pytest.mark.thorough
@pytest.mark.parametrize(("kind", "fields"), KINDS)
async def test_any_part_of_a_report_may_be_anything(
    browser: AsyncClient, laboratory: Laboratory, kind: str, fields: Any
) -> None:
    experiment = await fired(browser, laboratory, kind, fields)
    draws = random.Random(16)
    runs = [run async for run in experiment.runs.all()]
    for _ in range(25):
        odd = draws.choice(runs)
        await Run.objects.filter(pk=odd.pk).aupdate(report=mutated(odd.report, draws))
        await page_of(browser, experiment.pk)
        await Run.objects.filter(pk=odd.pk).aupdate(report=odd.report)
    await RunLane.objects.filter(run=runs[0].pk, position=0).adelete()
    await page_of(browser, experiment.pk)
