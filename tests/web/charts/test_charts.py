"""The charts and tables that the server makes, and the verdict of an active run."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.models import Run, Status, StoredReading
from dashboard.runs.live import live_report
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.reports.results import report_of
from dashboard.web.charts.tables import TIME_SERIES
from dashboard.wire.report.report import Report
from tests.web.bench.test_fire import HTMX, fire

REQUESTS = 40
ROUNDS = 2


@pytest.fixture
async def run(laboratory: Laboratory) -> Run:
    """A finished run of three lanes."""
    plan = make_plan(laboratory.project, scenario="sleep", requests=REQUESTS, rounds=ROUNDS, seed=1)
    started = await laboratory.start(plan)
    await laboratory.outcome(started)
    return await Run.objects.aget(pk=started.pk)


async def text(browser: AsyncClient, address: str, status: int = 200) -> str:
    response: Any = await browser.get(address)
    assert response.status_code == status, address
    return str(response.content.decode())


def rows_in(table: str) -> int:
    return table.split("<tbody>")[1].count("<tr>")


@pytest.mark.parametrize("chart", [*TIME_SERIES, "heat", "ecdf", "shift", "lane-0", "lane-2"])
async def test_every_chart_is_there_as_a_table(browser: AsyncClient, run: Run, chart: str) -> None:
    table = await text(browser, f"/runs/{run.pk}/charts/{chart}/table/?round=1")
    assert rows_in(table) > 0
    assert 'scope="col"' in table
    assert 'scope="row"' in table


async def test_a_waterfalls_table_has_every_request_page_by_page(
    browser: AsyncClient, run: Run
) -> None:
    address = f"/runs/{run.pk}/charts/lane-1/table/?round=2"
    pages = [await text(browser, f"{address}&page={page}") for page in (1, 2)]
    assert [rows_in(page) for page in pages] == [25, REQUESTS - 25]
    numbers = re.findall(r'<th scope="row">(\d+)</th>', "".join(pages))
    assert numbers == [str(number) for number in range(REQUESTS)]
    assert "page 2 of 2" in re.sub(r"\s+", " ", pages[1])
    assert await text(browser, f"{address}&page=9") == pages[1]  # the last there is
    nothing = await text(browser, f"/runs/{run.pk}/charts/lane-1/table/?round=7")
    assert "no request finished in round 7" in nothing


async def test_a_stretch_filters_numbers_tables_and_pictures(
    browser: AsyncClient, run: Run
) -> None:
    whole = await text(browser, f"/runs/{run.pk}/numbers/?round=1")
    assert f'data-cell="requests">{REQUESTS * ROUNDS}<' in whole
    early = await text(browser, f"/runs/{run.pk}/numbers/?round=1&from=0&to=1")
    assert "Selection: requests finished between 0 ms and 1.00 ms" in early
    assert early.count('data-cell="requests">0<') == 3
    assert 'data-cell="total_time">–<' in early
    table = await text(browser, f"/runs/{run.pk}/charts/lane-0/table/?round=1&from=0&to=1")
    assert "no request finished in the selection" in table
    picture = await text(browser, f"/runs/{run.pk}/charts/ecdf/?from=0&to=1")
    assert "no request finished in the selection" in picture


@pytest.mark.parametrize(
    ("chart", "mark"), [("ecdf", 'class="curve"'), ("heat", 'class="cells"'), ("shift", "<rect")]
)
async def test_pictures_are_drawn(browser: AsyncClient, run: Run, chart: str, mark: str) -> None:
    picture = await text(browser, f"/runs/{run.pk}/charts/{chart}/?round=2")
    assert mark in picture
    assert "style=" not in picture  # the policy refuses it
    assert "nan" not in picture


@pytest.mark.parametrize(
    "address",
    ["charts/nothing/", "charts/nothing/table/", "charts/lane-3/table/", "charts/heat/?round=x"],
)
async def test_an_unknown_chart_is_not_found(browser: AsyncClient, run: Run, address: str) -> None:
    await text(browser, f"/runs/{run.pk}/{address}", status=404)


async def test_the_verdict_so_far_is_computed_once_per_firing_by_the_final_code(
    browser: AsyncClient, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Run.objects.filter(pk=run.pk).aupdate(status=Status.RUNNING, report=None)
    made: list[str] = []

    def report(of: Run) -> Report:
        made.append(of.pk)
        return report_of(of)

    monkeypatch.setattr(live_report, "SHARE", float("inf"))  # no need to wait for the next
    monkeypatch.setattr(live_report, "report_of", report)
    pages = [await text(browser, f"/runs/{run.pk}/numbers/") for _ in range(3)]
    assert made == [run.pk]
    assert "So far (2 rounds): " in re.sub(r"</?b>", "", pages[0])
    assert f'data-cell="requests">{REQUESTS * ROUNDS}<' in pages[0]
    last = await StoredReading.objects.filter(run=run).alast()
    assert last is not None
    await StoredReading.objects.acreate(run=run, data=last.data)
    await text(browser, f"/runs/{run.pk}/numbers/")
    assert len(made) == 2


async def test_an_expensive_report_is_made_less_often(
    browser: AsyncClient, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Run.objects.filter(pk=run.pk).aupdate(status=Status.RUNNING, report=None)
    monkeypatch.setattr(live_report, "SHARE", 1e-9)
    first = await text(browser, f"/runs/{run.pk}/numbers/")
    last = await StoredReading.objects.filter(run=run).alast()
    assert last is not None
    await StoredReading.objects.acreate(run=run, data=last.data)
    monkeypatch.setattr(live_report, "report_of", lambda _: pytest.fail("made again, too soon"))
    assert await text(browser, f"/runs/{run.pk}/numbers/") == first


async def test_before_the_first_firing_the_state_is_shown(browser: AsyncClient, run: Run) -> None:
    await StoredReading.objects.filter(run=run).adelete()
    await Run.objects.filter(pk=run.pk).aupdate(status=Status.RUNNING, report=None)
    page = await text(browser, f"/runs/{run.pk}/numbers/")
    assert '<span data-when="running">Firing.</span>' in page
    assert '<span data-when="waiting">Queued' in page  # shown while it does
    assert 'data-cell="requests">–<' in page


@pytest.mark.usefixtures("laboratory")
async def test_a_refused_form_comes_back_without_errors_once_it_is_accepted(
    browser: AsyncClient,
) -> None:
    refused = await fire(browser, HTMX, requests="0")
    assert refused.status_code == 422
    page = refused.content.decode()
    assert 'name="complained"' in page
    assert "autofocus" in page
    stage = (await fire(browser, HTMX, complained="more")).content.decode()
    assert 'hx-swap-oob="outerHTML"' in stage
    assert "aria-invalid" not in stage
