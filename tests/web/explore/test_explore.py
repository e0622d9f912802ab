"""Explore: its forms and their errors, a page for each experiment, downloads, Stop."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.models import Experiment, Run, Status
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.explore.matrix_view import heat_table
from dashboard.web.explore.sweep_charts import Scale, charts
from tests.runs.fakes import FakeEngine

HTMX = {"hx-request": "true"}
MATRIX = {
    "scenario": "sleep",
    "variants": ["sync", "async"],
    "servers": ["gunicorn-gthread", "gunicorn-gevent", "daphne"],
    "requests": "10",
    "rounds": "5",
}
SWEEP = {
    "scenario": "sleep",
    "axis": "concurrency",
    "low": "1",
    "high": "8",
    "lanes": ["sync@gunicorn-gthread", "async@uvicorn", ""],
    "rounds": "5",
}


async def fired(browser: AsyncClient, laboratory: Laboratory, kind: str, fields: Any) -> Experiment:
    """Return the finished experiment that a form started."""
    response = await browser.post(f"/explore/{kind}/", fields)
    assert response.status_code == 303, response.content.decode()
    experiment = await Experiment.objects.aget(pk=response["Location"].split("/")[2])
    await laboratory.outcome(experiment)
    return await Experiment.objects.aget(pk=experiment.pk)


@pytest.mark.parametrize("scenario", ["sleep", "mixed"])
async def test_each_scenario_has_both_forms(browser: AsyncClient, scenario: str) -> None:
    response = await browser.get(f"/explore/?scenario={scenario}")
    assert response.status_code == 200
    page = response.content.decode()
    assert f'<option value="{scenario}" selected>' in page
    assert 'name="parameter_delay"' in page
    assert "error-" not in page
    assert "style=" not in page
    assert 'aria-current="page">Explore' in page


async def test_a_variant_shows_the_requirement_it_lacks(
    browser: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIVEAPP_DATABASE_URL", raising=False)
    page = (await browser.get("/explore/?scenario=orm-slow")).content.decode()
    assert page.count("expected postgresql: LIVEAPP_DATABASE_URL in the environment") == 2


async def test_an_unknown_scenario_is_not_found(browser: AsyncClient) -> None:
    assert (await browser.get("/explore/?scenario=nothing")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "changed", "words"),
    [
        ("matrix", {"variants": []}, "expected at least one, found none"),
        ("matrix", {"servers": ["apache"]}, "expected one of those listed, found apache"),
        ("matrix", {"variants": ["async"], "servers": ["gunicorn-gevent"]}, "cannot work under"),
        ("matrix", {"requests": "many"}, "expected a whole number, found &#x27;many&#x27;"),
        ("matrix", {"rounds": "101"}, "expected 1 to 100, found 101"),
        ("matrix", {"requests": "10000", "rounds": "100"}, "expected at most 1,000,000"),
        ("matrix", {"parameter_delay": "11"}, "expected 0 to 10 s"),
        ("sweep", {"axis": "threads"}, "expected one of concurrency, rate, delay"),
        ("sweep", {"low": "9"}, "expected 1 &lt;= LOW &lt; HIGH"),
        ("sweep", {"high": ""}, "expected a number, found none"),
        ("sweep", {"high": "nan"}, "expected a finite number, found &#x27;nan&#x27;"),
        ("matrix", {"threads-of-gunicorn-gthread": "0"}, "expected a whole number from 1 to 1024"),
        ("sweep", {"threads-of-gunicorn-gthread": "4.5"}, "expected a whole number, found"),
        ("sweep", {"baseline": "sync@apache"}, "expected a server"),
        ("sweep", {"lanes": ["async", ""]}, "expected VARIANT@SERVER"),
        ("sweep", {"lanes": ["sync@apache"]}, "expected a server"),
        ("sweep", {"rounds": "4"}, "expected 5 or more"),
        ("sweep", {"levels": "99"}, "expected 3 to 24"),
        ("sweep", {"requests": "3"}, "expected at most the 3 requests"),
    ],
)
async def test_an_impossible_value_has_a_message_on_the_form(
    browser: AsyncClient, kind: str, changed: dict[str, Any], words: str
) -> None:
    fields = {"matrix": MATRIX, "sweep": SWEEP}[kind]
    response = await browser.post(f"/explore/{kind}/", {**fields, **changed})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not await Experiment.objects.aexists()


async def test_for_htmx_a_refused_form_alone_is_returned(browser: AsyncClient) -> None:
    response = await browser.post("/explore/sweep/", {**SWEEP, "rounds": "4"}, headers=HTMX)
    assert response.status_code == 422
    page = response.content.decode()
    assert page.count("<form") == 1
    assert 'id="sweep-form"' in page
    assert "expected 5 or more" in page
    # What was selected and typed is kept.
    assert 'value="sync@gunicorn-gthread" checked' in page
    assert 'value="4"' in page


async def test_for_htmx_a_started_experiment_is_a_redirection_of_the_page(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    response = await browser.post("/explore/matrix/", MATRIX, headers=HTMX)
    experiment = await Experiment.objects.aget()
    assert response["HX-Redirect"] == f"/explore/{experiment.pk}/"
    await laboratory.outcome(experiment)


async def test_settings_of_servers_apply_to_those_that_are_selected(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    settings = {"threads-of-gunicorn-gthread": "32", "processes-of-uvicorn": "2"}
    matrix = await fired(browser, laboratory, "matrix", {**MATRIX, **settings})
    assert matrix.question["servers"] == [
        "gunicorn-gthread:threads=32",
        "gunicorn-gevent",
        "daphne",
    ]
    sweep = await fired(browser, laboratory, "sweep", {**SWEEP, **settings})
    assert sweep.question["plan"]["lanes"] == [
        "sync@gunicorn-gthread:threads=32",
        "async@uvicorn:processes=2",
    ]


async def test_a_baseline_is_the_first_lane_even_if_it_is_not_selected(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    fields = {**SWEEP, "baseline": "async@daphne"}
    sweep = await fired(browser, laboratory, "sweep", fields)
    assert sweep.question["plan"]["lanes"] == [
        "async@daphne",
        "sync@gunicorn-gthread",
        "async@uvicorn",
    ]
    fields = {**SWEEP, "baseline": "async@uvicorn"}
    sweep = await fired(browser, laboratory, "sweep", fields)
    assert sweep.question["plan"]["lanes"] == ["async@uvicorn", "sync@gunicorn-gthread"]


class TestEstimates:
    """How long an experiment will take, before it is started."""

    async def estimate(self, browser: AsyncClient, kind: str, fields: Any) -> str:
        response = await browser.post(f"/explore/{kind}/estimate/", fields, headers=HTMX)
        assert response.status_code == 200
        text: str = response.content.decode()
        return text

    async def test_it_is_on_the_page_from_the_beginning(self, browser: AsyncClient) -> None:
        page = (await browser.get("/explore/")).content.decode()
        assert page.count("takes about") == 3
        assert "more to narrow down where lanes cross over" in page

    async def test_it_follows_the_form(self, browser: AsyncClient) -> None:
        few = await self.estimate(browser, "matrix", MATRIX)
        assert few == "takes about 9.4 s, of which 4.5 s to start servers"
        # ⌈10/8⌉ · 3 s in two lanes under gunicorn-gthread, and 3 s in each of three others
        slow = await self.estimate(browser, "matrix", {**MATRIX, "parameter_delay": "3"})
        assert slow == "takes about 111 s, of which 4.5 s to start servers"

    async def test_a_wrong_value_has_none(self, browser: AsyncClient) -> None:
        assert await self.estimate(browser, "matrix", {**MATRIX, "rounds": "0"}) == ""
        assert await self.estimate(browser, "sweep", {**SWEEP, "low": "9"}) == ""
        assert not await Experiment.objects.aexists()

    async def test_work_of_unknown_length_is_estimated_from_earlier_runs(
        self, browser: AsyncClient, laboratory: Laboratory
    ) -> None:
        fields = {**MATRIX, "scenario": "cpu", "servers": ["gunicorn-gthread"]}
        fields["variants"] = ["sync"]
        assert await self.estimate(browser, "matrix", fields) == ""
        await fired(browser, laboratory, "matrix", fields)
        assert (await self.estimate(browser, "matrix", fields)).startswith("takes about")


async def test_a_matrix_is_a_table_that_links_to_its_runs(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    experiment = await fired(browser, laboratory, "matrix", MATRIX)
    assert experiment.status == Status.FINISHED
    (run,) = [run async for run in Run.objects.all()]
    page = (await browser.get(f"/explore/{experiment.pk}/")).content.decode()
    assert page.count(f'<a href="/runs/{run.pk}/">100 ms</a>') == 5
    assert "async views cannot work under gevent" in page
    assert "refused <sup>1</sup>" in page
    assert 'id="asking"' not in page
    assert "style=" not in page
    listed = (await browser.get("/explore/")).content.decode()
    assert f"/explore/{experiment.pk}/" in listed
    assert "finished" in listed


async def test_a_sweep_is_two_charts_and_a_table(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    experiment = await fired(browser, laboratory, "sweep", SWEEP)
    page = (await browser.get(f"/explore/{experiment.pk}/")).content.decode()
    assert page.count('<svg class="sweep-chart"') == 2
    assert page.count('<polyline class="curve"') == 4
    for letter in "AB":  # the key, and a line in each chart
        assert page.count(f'data-letter="{letter}"') == 3
    points = page.count("<title>") - 1
    assert page.count('class="lane-mark"') == points + 2
    # B's mark, also where it is of A's family.
    assert page.count('d="M0 -5L5 0L0 5L-5 0z"') == points / 2 + 1
    assert "No crossover in this range" in page
    assert [run.label async for run in experiment.runs.order_by("position")][:2] == [
        "1 concurrent request",
        "2 concurrent requests",
    ]


@pytest.mark.parametrize(("kind", "fields", "rows"), [("matrix", MATRIX, 6), ("sweep", SWEEP, 8)])
async def test_answers_can_be_downloaded(
    browser: AsyncClient, laboratory: Laboratory, kind: str, fields: Any, rows: int
) -> None:
    experiment = await fired(browser, laboratory, kind, fields)
    response = await browser.get(f"/explore/{experiment.pk}/answer.json")
    assert response.json()["experiment"] == experiment.pk
    table = await browser.get(f"/explore/{experiment.pk}/answer.csv")
    assert f'filename="{kind}-{experiment.pk}.csv"' in table["Content-Disposition"]
    assert len(list(csv.DictReader(io.StringIO(table.content.decode())))) == rows


@pytest.mark.parametrize("address", ["", "answer/", "answer.json", "answer.csv"])
async def test_a_missing_page_has_no_traceback(browser: AsyncClient, address: str) -> None:
    assert (await browser.get(f"/explore/nothing/{address}")).status_code == 404


async def test_other_http_methods_are_refused(browser: AsyncClient) -> None:
    for address in ("/explore/matrix/", "/explore/sweep/", "/explore/x/stop/"):
        assert (await browser.get(address)).status_code == 405
    assert (await browser.post("/explore/")).status_code == 405


class TestWhileItRuns:
    """Live, queued, stopped."""

    @pytest.fixture
    def engine(self) -> FakeEngine:
        return FakeEngine(hold=True)

    async def test_an_active_experiment_polls_until_it_is_stopped(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        response = await browser.post("/explore/matrix/", MATRIX)
        address = response["Location"]
        await engine.holding.wait()
        page = (await browser.get(address)).content.decode()
        assert f'hx-get="{address}answer/"' in page
        assert "0 of 5" in page
        assert 'data-place="0"' in page
        assert "matrix: sleep" in (await browser.get("/queue/")).content.decode()
        run = await Run.objects.aget()
        assert (await browser.get(f"/runs/{run.pk}/")).status_code == 200
        stopped = await browser.post(f"{address}stop/", headers=HTMX)
        assert stopped.status_code == 200
        experiment = await Experiment.objects.aget()
        await laboratory.outcome(experiment)
        fragment = (await browser.get(f"{address}answer/")).content.decode()
        assert 'data-status="stopped"' in fragment
        assert 'id="asking"' not in fragment
        assert not re.search(r"<html|<nav", fragment)

    async def test_stopping_twice_is_harmless(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        address = (await browser.post("/explore/sweep/", SWEEP))["Location"]
        await engine.holding.wait()
        assert (await browser.post(f"{address}stop/")).status_code == 303
        await laboratory.outcome(await Experiment.objects.aget())
        assert (await browser.post(f"{address}stop/")).status_code == 303
        assert (await Experiment.objects.aget()).status == Status.STOPPED


def matrix_answer(ratios: dict[tuple[str, str], float | None]) -> Any:
    """Return an answer with these ratios by variant and server."""
    cells = [
        {
            "variant": variant, "server": server, "lane": f"{variant}@{server}", "family": "sync",
            "state": "measured" if ratio else "refused", "why": "" if ratio else "no such thing",
            "log_tail": "", "run": "r", "makespan_s": ratio, "ratio": ratio,
            "interval": None, "theory_s": None,
            "failed": 0,
        }
        for (variant, server), ratio in ratios.items()
    ]  # fmt: skip
    return {
        "variants": list(dict.fromkeys(variant for variant, _ in ratios)),
        "servers": list(dict.fromkeys(server for _, server in ratios)),
        "cells": cells,
        "baseline": "a@x",
    }


def test_rows_and_columns_are_sorted_by_a_cell_of_theirs() -> None:
    answer = matrix_answer(
        {
            ("a", "x"): 1.0, ("a", "y"): 4.0, ("b", "x"): 3.0, ("b", "y"): 0.5,
            ("c", "x"): None, ("c", "y"): 2.0,
        }
    )  # fmt: skip
    assert [row.name for row, _ in heat_table(answer).rows] == ["a", "b", "c"]
    assert [row.name for row, _ in heat_table(answer, rows="y").rows] == ["b", "c", "a"]
    assert [row.name for row, _ in heat_table(answer, rows="x").rows] == ["a", "b", "c"]
    assert [row.name for row, _ in heat_table(answer, rows="-x").rows] == ["b", "a", "c"]
    table = heat_table(answer, rows="y", columns="b")
    assert [column.name for column in table.columns] == ["y", "x"]
    assert table.columns[0].sorted == "ascending"
    assert table.columns[0].query == "rows=-y&columns=b"
    assert heat_table(answer, rows="nothing").rows[0][0].name == "a"


def test_shades_range_from_fastest_to_slowest_without_exaggerating() -> None:
    answer = matrix_answer({("a", "x"): 1.0, ("b", "x"): 10.0, ("c", "x"): 100.0})
    assert [cells[0].shade for _, cells in heat_table(answer).rows] == [0, 4, 8]
    alike = matrix_answer({("a", "x"): 1.0, ("b", "x"): 1.02})
    assert {cells[0].shade for _, cells in heat_table(alike).rows} == {0}


def test_a_scale_is_logarithmic_and_has_few_round_ticks() -> None:
    scale = Scale([1, 64], 0, 600)
    assert (scale(1), scale(8), scale(64)) == pytest.approx((0, 300, 600))
    assert scale.ticks() == [1, 2, 5, 10, 20, 50]
    assert Scale([0, 1], 0, 10)(0.5) == 5
    assert len(Scale([0.001, 1e9], 0, 10).ticks()) <= 14
    assert Scale([3, 3], 0, 10)(3) == 0


def test_without_levels_there_are_no_charts() -> None:
    answer: Any = {"levels": []}
    assert charts(answer) == []
