"""*Try*: the advice on a run's page, the button that tests it, and what the test showed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.models import Run, Status
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from tests.runs.advice.pieces import ADVICE, READ, advise

from .test_runs import HTMX, finished

FIRES = str(ADVICE["fires"])


async def advised(laboratory: Laboratory) -> Run:
    """Return a finished run with two pieces of advice, one of which can be fired."""
    run = await finished(laboratory)
    await advise(run, ADVICE, READ)
    return run


async def page_of(browser: AsyncClient, run: Run) -> str:
    text: str = (await browser.get(f"/runs/{run.pk}/")).content.decode()
    return text


async def test_a_card_has_the_text_the_prediction_the_price_and_the_command(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    text = await page_of(browser, await advised(laboratory))
    assert "All threads busy" in text
    assert ADVICE["text"] in text
    assert "Predicted total time: 104 ms (88.4–120 ms). ⌈40/40⌉ · 100 ms = 100 ms." in text
    assert "About 3.2 MiB more memory." in text
    assert f"Fire {FIRES}" in text
    assert f"--lane sync@gunicorn-gthread --lane {FIRES}" in text
    assert "+await asyncio.sleep(1)" in text
    assert "Cannot be fired here: your code is never changed." in text


async def test_a_run_without_advice_says_so_in_one_line(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    assert run.report["advice"] == []
    assert "No advice: no cause was found." in await page_of(browser, run)


async def test_an_active_run_shows_no_advice(browser: AsyncClient, laboratory: Laboratory) -> None:
    run = await finished(laboratory)
    await Run.objects.filter(pk=run.pk).aupdate(status=Status.RUNNING, report=None)
    assert 'aria-labelledby="try-title" hidden' in await page_of(browser, run)


@pytest.mark.parametrize("headers", [HTMX, {}])
async def test_the_button_fires_both_lanes_with_the_same_load(
    browser: AsyncClient, laboratory: Laboratory, headers: dict[str, str]
) -> None:
    run = await advised(laboratory)
    response: Any = await browser.post(f"/runs/{run.pk}/advice/1/", headers=headers)
    test = await Run.objects.aget(advised_by=run.pk)
    address = f"/runs/{test.pk}/"
    if headers:
        assert (response.status_code, response["HX-Redirect"]) == (200, address)
    else:
        assert (response.status_code, response["Location"]) == (303, address)
    assert test.plan["lanes"] == [ADVICE["lane"], FIRES]
    assert test.plan["load"] == run.plan["load"]
    assert test.tested_advice == {"run": run.pk, "number": 1, "advice": ADVICE}
    await laboratory.outcome(test)


async def test_the_card_shows_whether_the_prediction_held(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await advised(laboratory)
    await browser.post(f"/runs/{run.pk}/advice/1/")
    test = await Run.objects.aget(advised_by=run.pk)
    await laboratory.outcome(test)
    text = await page_of(browser, run)
    assert "Held: 100 ms measured, 104 ms predicted (−3.8 %)." in text
    assert f'<a href="/runs/{test.pk}/">Run {test.pk}</a>' in text
    own = await page_of(browser, test)
    assert f"Tests advice 1 of run {run.pk}: {ADVICE['text']}" in own
    assert "Held: 100 ms measured" in own


async def test_a_test_that_decides_nothing_leaves_the_prediction_undecided(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await advised(laboratory)
    await browser.post(f"/runs/{run.pk}/advice/1/")
    test = await Run.objects.aget(advised_by=run.pk)
    await laboratory.outcome(test)
    test = await Run.objects.aget(pk=test.pk)
    test.report["verdict"]["comparisons"][0]["answer"] = "undecided"
    await test.asave()
    assert "Undecided: the run is undecided; 100 ms measured" in await page_of(browser, run)


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (2, "advice: expected one with a lane: your code is never changed"),
        (3, "advice: expected 1 to 2, found"),
        (0, "advice: expected 1 to 2, found"),
    ],
)
@pytest.mark.parametrize("headers", [HTMX, {}])
async def test_what_cannot_be_fired_is_refused_with_a_sentence(
    browser: AsyncClient,
    laboratory: Laboratory,
    number: int,
    problem: str,
    headers: dict[str, str],
) -> None:
    run = await advised(laboratory)
    response = await browser.post(f"/runs/{run.pk}/advice/{number}/", headers=headers)
    assert response.status_code == 422
    assert problem in response.content.decode()
    assert not await Run.objects.filter(advised_by=run.pk).aexists()


async def test_a_lane_that_the_project_no_longer_has_is_refused(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    await advise(run, {**ADVICE, "fires": "gone@gunicorn-gthread"})
    response = await browser.post(f"/runs/{run.pk}/advice/1/", headers=HTMX)
    assert response.status_code == 422
    assert "gone@gunicorn-gthread: expected a variant" in response.content.decode()


async def test_a_run_that_does_not_exist_is_not_found(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    assert (await browser.post("/runs/none/advice/1/")).status_code == 404
    assert (await browser.get("/runs/none/advice/1/")).status_code == 405


@pytest.mark.parametrize("odd", [7, [], {"lane": 1}, {"run": "x", "number": 1, "advice": {}}])
async def test_an_odd_test_costs_its_own_line(
    browser: AsyncClient, laboratory: Laboratory, odd: Any
) -> None:
    run = await advised(laboratory)
    plan = make_plan(laboratory.project, scenario="sleep", requests=5, rounds=1, seed=1)
    test = await laboratory.start(plan)
    await laboratory.outcome(test)
    await Run.objects.filter(pk=test.pk).aupdate(advised_by=run.pk, tested_advice=odd)
    response = await browser.get(f"/runs/{run.pk}/")
    assert response.status_code == 200
