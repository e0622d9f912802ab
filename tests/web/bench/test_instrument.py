"""The load generator's calibration on the page, and the button that repeats it."""

from __future__ import annotations

import pytest
from django.test import AsyncClient

from dashboard.models import Calibration, Run
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.run.run_view import view_of
from tests.runs.fakes import FakeEngine

HTMX = {"hx-request": "true"}


async def start(laboratory: Laboratory) -> Run:
    plan = make_plan(laboratory.project, scenario="sleep", requests=4, rounds=1, seed=1)
    return await laboratory.start(plan)


async def test_the_button_calibrates_and_shows_the_result(browser: AsyncClient) -> None:
    before = (await browser.get("/")).content.decode()
    assert "Load generator: not measured yet" in before
    response = await browser.post("/calibrate/", headers=HTMX)
    html = response.content.decode()
    assert (
        "Load generator: adds 100.00 ms, up to 300,000 requests/s, measured just now" in html
    )  # as the engine replays
    assert 'id="instrument"' in html
    assert "<html" not in html
    assert "Load generator: adds 100.00 ms" in (await browser.get("/")).content.decode()


async def test_without_htmx_the_bench_comes_back(browser: AsyncClient) -> None:
    response = await browser.post("/calibrate/")
    assert (response.status_code, response["Location"]) == (303, "/")
    assert await Calibration.objects.acount() == 1


async def test_every_form_shows_it(browser: AsyncClient, laboratory: Laboratory) -> None:
    await laboratory.calibrate()
    run = await start(laboratory)
    await laboratory.outcome(run)
    for address in ("/", f"/runs/{run.pk}/", "/fire/?scenario=mixed"):
        assert "measured just now" in (await browser.get(address)).content.decode(), address


class TestBusy:
    """While a run is active."""

    @pytest.fixture
    def engine(self) -> FakeEngine:
        return FakeEngine(hold=True)

    async def test_the_button_does_not_disturb_a_run(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        run = await start(laboratory)
        await engine.holding.wait()
        html = (await browser.post("/calibrate/", headers=HTMX)).content.decode()
        assert "The machine is busy" in html
        assert not await Calibration.objects.aexists()
        engine.stop()
        await laboratory.outcome(run)


class TestFailing:
    """An engine that does not start."""

    @pytest.fixture
    def engine(self) -> FakeEngine:
        return FakeEngine(dies=True)

    async def test_the_button_shows_why_calibration_failed(self, browser: AsyncClient) -> None:
        html = (await browser.post("/calibrate/", headers=HTMX)).content.decode()
        assert "Load generator: not measured yet" in html
        assert '<span role="status">The engine' in html


async def test_a_run_shows_its_calibration_and_its_repeated_rounds(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await start(laboratory)
    await laboratory.outcome(run)
    run = await Run.objects.aget(pk=run.pk)
    assert view_of(await stored_with_lanes(run)).instrument == ""
    discarded = [
        {"round": 1, "reason": "stolen"},
        {"round": 3, "reason": "stolen"},
        {"round": 4, "reason": "late"},
    ]
    await Run.objects.filter(pk=run.pk).aupdate(
        floor_ms=0.0912,
        limit_rps=61234.5,
        discarded_rounds=[1, 3, 4],
        report={**run.report, "discarded": discarded},
    )
    page = (await browser.get(f"/runs/{run.pk}/")).content.decode()
    assert (
        "Load generator: adds 0.09 ms, up to 61,000 requests/s · 2 rounds repeated: the host took"
        " CPU time away; 1 round repeated: the load generator was late"
    ) in page


async def stored_with_lanes(run: Run) -> Run:
    """Return the run with its lanes prefetched."""
    return await Run.objects.prefetch_related("lanes").aget(pk=run.pk)
