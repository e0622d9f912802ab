"""The URLs of a run: page, fragments, frames, stop."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.models import Run, Status
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.wire import frame
from dashboard.wire.codec import read_json
from dashboard.wire.report.report import Report
from tests.runs.fakes import FakeEngine

HTMX = {"hx-request": "true"}


async def start(laboratory: Laboratory, requests: int = 40) -> Run:
    plan = make_plan(laboratory.project, scenario="sleep", requests=requests, rounds=2, seed=1)
    return await laboratory.start(plan)


async def finished(laboratory: Laboratory) -> Run:
    run = await start(laboratory)
    await laboratory.outcome(run)
    return await Run.objects.aget(pk=run.pk)


@pytest.mark.parametrize("address", ["/", "/?scenario=mixed", "/runs/", "/queue/", "/fire/"])
async def test_pages_without_a_run(browser: AsyncClient, address: str) -> None:
    response = await browser.get(address)
    assert response.status_code == 200
    assert "script-src 'self'" in response["Content-Security-Policy"]


async def test_a_finished_run_is_readable_without_javascript(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    assert read_json(Report, run.report) == run.report
    for address in (f"/runs/{run.pk}/", f"/runs/{run.pk}/result/", f"/runs/{run.pk}/stage/"):
        page = (await browser.get(address)).content.decode()
        for text in ("sync@gunicorn-gthread", "async@daphne", "100 ms", "First look ("):
            assert text in page, address
        assert "just now" in (await browser.get("/runs/")).content.decode()
    history = (await browser.get("/runs/")).content.decode()
    assert f"/runs/{run.pk}/" in history


async def test_stored_frames_are_fetched_by_number(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)

    async def numbers(query: str) -> list[int]:
        response: Any = await browser.get(f"/runs/{run.pk}/frames{query}")
        data = b"".join([part async for part in response.streaming_content])
        return [number for number, _ in frame.EnvelopeReader().feed(data)]

    every = await numbers("")
    assert every == list(range(len(every)))
    assert await numbers("?from=3&to=6") == [3, 4, 5]
    assert await numbers(f"?from={len(every)}") == []


@pytest.mark.parametrize(
    "address",
    ["/runs/nothing/", "/runs/nothing/stage/", "/runs/nothing/frames", "/nothing", "/runs/../x"],
)
async def test_a_missing_page_has_no_traceback(browser: AsyncClient, address: str) -> None:
    response = await browser.get(address)
    assert response.status_code == 404
    assert "Traceback" not in response.content.decode()


@pytest.mark.parametrize("query", ["?from=x", "?from=-1", "?to=1e3", "?from=99999999999999"])
async def test_a_text_that_is_not_a_number_is_refused(
    browser: AsyncClient, laboratory: Laboratory, query: str
) -> None:
    run = await finished(laboratory)
    assert (await browser.get(f"/runs/{run.pk}/frames{query}")).status_code == 404


@pytest.mark.parametrize("address", ["/runs/x/stop/", "/fire/"])
async def test_other_http_methods_are_refused(browser: AsyncClient, address: str) -> None:
    wrong = browser.get if address.endswith("stop/") else browser.post
    assert (await wrong(address)).status_code == 405


class TestStop:
    """Stop and the queue."""

    @pytest.fixture
    def engine(self) -> FakeEngine:
        return FakeEngine(hold=True)

    async def test_stop_ends_the_run_and_keeps_what_it_had(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        run = await start(laboratory)
        await engine.holding.wait()
        assert (await browser.post(f"/runs/{run.pk}/stop/", headers=HTMX)).status_code == 200
        await laboratory.outcome(run)
        assert (await Run.objects.aget(pk=run.pk)).status == Status.STOPPED
        page = (await browser.get(f"/runs/{run.pk}/")).content.decode()
        assert "topped" in page

    async def test_a_queued_run_is_shown_and_can_be_removed(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        first = await start(laboratory)
        await engine.holding.wait()
        second = await start(laboratory)
        line = (await browser.get("/queue/")).content.decode()
        assert f"/runs/{second.pk}/stop/" in line
        assert f"/runs/{first.pk}/" in line
        after = await browser.post(f"/runs/{second.pk}/stop/", headers=HTMX)
        assert f"/runs/{second.pk}/" not in after.content.decode()
        assert (await Run.objects.aget(pk=second.pk)).status == Status.STOPPED

    async def test_stopping_a_finished_run_is_harmless(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        engine.stop()
        run = await finished(laboratory)
        await browser.post(f"/runs/{run.pk}/stop/", headers=HTMX)
        assert (await Run.objects.aget(pk=run.pk)).status == Status.FINISHED


async def test_the_table_brings_the_sentence_the_heads_and_the_causes(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    for address in ("numbers", "result"):
        page = (await browser.get(f"/runs/{run.pk}/{address}/")).content.decode()
        for part in ("sentence", "failure", "causes", "numbers-0", "numbers-2"):
            assert f'id="{part}" hx-swap-oob=' in page, address
    # A selection is of the table alone: the heads stay those of the whole run.
    page = (await browser.get(f"/runs/{run.pk}/numbers/?from=0&to=1")).content.decode()
    assert 'id="sentence" hx-swap-oob=' in page
    assert 'id="numbers-0"' not in page


async def test_what_to_fire_is_unfolded_without_a_run_and_folded_with_one(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    page = (await browser.get("/")).content.decode()
    assert '<details class="fire" id="fire" open>' in page
    run = await finished(laboratory)
    page = (await browser.get(f"/runs/{run.pk}/")).content.decode()
    assert '<details class="fire" id="fire">' in page
    words = "delay 0.1 s · 40 requests at once · 2 rounds · sync@gunicorn-gthread, sync@daphne"
    assert words in page
    typed = "scenario=sleep&parameter_delay=3&lanes=async@daphne&requests=1&rounds=1&timeout=9"
    page = (await browser.get(f"/fire/?{typed}")).content.decode()
    assert '<details class="fire" id="fire" open>' in page
    assert "delay 3 s · 1 request · 1 round · async@daphne" in page
