"""A mix in Explore: its form and errors, its heat tables, its runs, and what cannot be a mix."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.models import Experiment, Run, Status
from dashboard.project.project import Project
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.explore.mix_view import slowdown_tables
from dashboard.web.shared.laboratory_access import set_laboratory
from tests.runs.experiments.test_mix import MixEngine, project
from tests.runs.fakes import FakeTargets, fake_laboratory

from .test_explore import HTMX, fired

__all__ = ["project"]

MIX = {"scenario": "monday", "servers": ["gunicorn-gthread", "waitress"], "blocks": "2"}


@pytest.fixture
def engine() -> MixEngine:
    """An engine that takes as long for each request as its path, and the others, let it."""
    return MixEngine()


@pytest.fixture
async def laboratory(
    engine: MixEngine, tmp_path: Path, transactional_db: None, project: Project
) -> AsyncIterator[Laboratory]:
    """The laboratory of a project with a mix of three views."""
    targets = FakeTargets()
    targets.project = project
    made = fake_laboratory(engine, tmp_path, targets)
    set_laboratory(made)
    yield made
    await made.close()


async def text_of(browser: AsyncClient, address: str) -> str:
    response = await browser.get(address)
    assert response.status_code == 200
    text: str = response.content.decode()
    return text


async def test_a_mix_has_a_form_of_its_own_with_its_views_and_servers(browser: AsyncClient) -> None:
    page = await text_of(browser, "/explore/?scenario=monday")
    form = page[page.index('id="mix-form"') : page.index('id="matrix-form"')]
    assert re.findall(r"<span>(\S+) <b>(.+?)</b></span>", form) == [
        ("search.sync", "60 %"), ("report.sync", "30 %"), ("page.sync", "10 %"),
    ]  # fmt: skip
    assert re.findall(r'value="(\S+)" checked', form) == ["gunicorn-gthread", "waitress"]
    assert 'placeholder="100"' in form  # the rate of the mix
    assert "takes about" in form
    assert "error-" not in form
    assert "style=" not in page


async def test_other_scenarios_have_no_form_of_a_mix(browser: AsyncClient) -> None:
    assert 'id="mix-form"' not in await text_of(browser, "/explore/?scenario=search")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"servers": []}, "expected at least one, found none"),
        ({"servers": ["apache"]}, "expected one of those listed, found apache"),
        ({"rate": "0"}, "expected above 0 to 10000 a second, found 0"),
        ({"rate": "nan"}, "expected a finite number, found &#x27;nan&#x27;"),
        ({"rate": "many"}, "expected a finite number, found &#x27;many&#x27;"),
        ({"duration": "601"}, "expected above 0 to 600 s, found 601"),
        ({"blocks": "0"}, "expected 1 to 40, found 0"),
        ({"blocks": "2.5"}, "expected a whole number, found &#x27;2.5&#x27;"),
        ({"rate": "9000", "duration": "10", "blocks": "40"}, "expected at most 1,000,000"),
        ({"threads-of-waitress": "0"}, "expected a whole number from 1 to"),
        ({"scenario": "search"}, "expected a mix, one of monday, found"),
    ],
)
async def test_an_impossible_value_has_a_message_on_the_form(
    browser: AsyncClient, changed: dict[str, Any], words: str
) -> None:
    response = await browser.post("/explore/mix/", {**MIX, **changed})
    assert response.status_code == 422
    assert words in response.content.decode()
    estimate = await browser.post("/explore/mix/estimate/", {**MIX, **changed}, headers=HTMX)
    assert (estimate.status_code, estimate.content) == (200, b"")
    assert not await Experiment.objects.aexists()


async def test_for_htmx_a_refused_form_alone_is_returned_with_what_was_typed(
    browser: AsyncClient,
) -> None:
    fields = {**MIX, "blocks": "0", "rate": "70", "leave_out": "on"}
    response = await browser.post("/explore/mix/", fields, headers=HTMX)
    assert response.status_code == 422
    page = response.content.decode()
    assert page.count("<form") == 1
    assert 'id="mix-form"' in page
    assert 'value="70"' in page
    assert 'name="leave_out" checked' in page


async def test_an_estimate_counts_every_run_of_every_block(browser: AsyncClient) -> None:
    response = await browser.post("/explore/mix/estimate/", MIX, headers=HTMX)
    # 2 blocks of 4 runs, each of 2 s and 0.05 s at both lanes, and 1.5 s for each server.
    assert response.content.decode() == "takes about 36 s, of which 3.0 s to start servers"


async def test_who_slows_whom_down_is_a_heat_table_for_each_lane(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    experiment = await fired(browser, laboratory, "mix", {**MIX, "blocks": "5", "leave_out": "on"})
    assert (experiment.status, experiment.problem) == (Status.FINISHED, "")
    page = await text_of(browser, f"/explore/{experiment.pk}/")
    assert "search.sync is slowed down most, at mix@gunicorn-gthread" in page
    assert "style=" not in page
    assert 'id="asking"' not in page
    assert re.findall(r"<h2>(.+?)</h2>", page) == ["mix@gunicorn-gthread", "mix@waitress"]
    assert page.count('<table class="matrix">') == 2
    # The shade is never the only sign: each cell has the two numbers that it stands for.
    cells = re.findall(r'<td class="heat" data-shade="(\d)">(.+?) <b>(.+?)</b>', page)
    assert len(cells) == 2 * (3 + 6)  # alone, and without each of the two others
    assert ("8", "10.0 ms") in {cell[:2] for cell in cells}
    assert any(shade == "8" and "as long" in ratio for shade, _, ratio in cells)
    assert {shade for shade, _, _ in cells} == {"0", "8"}
    assert page.count('<th scope="row">search.sync</th>') == 2
    runs = [run.pk async for run in experiment.runs.all()]
    assert len(runs) == 35
    assert all(f'href="/runs/{run}/"' in page for run in runs)
    assert "alone report.sync</a>" in page


async def test_a_mix_can_be_downloaded(browser: AsyncClient, laboratory: Laboratory) -> None:
    experiment = await fired(browser, laboratory, "mix", MIX)
    answer = (await browser.get(f"/explore/{experiment.pk}/answer.json")).json()
    assert answer["views"] == ["search.sync", "report.sync", "page.sync"]
    assert (answer["load"]["rate_rps"], answer["load"]["poisson"]) == (100, True)
    table = await browser.get(f"/explore/{experiment.pk}/answer.csv")
    assert f'filename="mix-{experiment.pk}.csv"' in table["Content-Disposition"]
    assert len(list(csv.DictReader(io.StringIO(table.content.decode())))) == 6
    listed = await text_of(browser, "/explore/")
    assert f"/explore/{experiment.pk}/" in listed
    assert f"/explore/{experiment.pk}/" in await text_of(browser, "/runs/")


async def test_a_run_of_a_mix_has_a_table_of_its_views_and_no_x_ray(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    experiment = await fired(browser, laboratory, "mix", {**MIX, "blocks": "1"})
    mixed = await Run.objects.aget(experiment=experiment, label="1: mix")
    page = await text_of(browser, f"/runs/{mixed.pk}/")
    table = page[page.index('<table class="mixed-views">') :]
    table = table[: table.index("</table>")]
    assert re.findall(r'<th scope="row">(.+?)</th>', table) == [
        "search.sync", "report.sync", "page.sync",
    ]  # fmt: skip
    assert table.count("50.0 ms") >= 2
    assert re.search(r"<li>page\.sync: mix@waitress was .+ \(first look, 1 round\)\.</li>", page)
    assert "X-ray" not in page[page.index('id="waterfalls"') : page.index('id="numbers"')]
    alone = await Run.objects.aget(experiment=experiment, label="1: alone page.sync")
    assert '<table class="mixed-views">' not in await text_of(browser, f"/runs/{alone.pk}/")


async def test_a_damaged_run_costs_its_own_block_alone(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    experiment = await fired(browser, laboratory, "mix", MIX)
    odd = await Run.objects.aget(experiment=experiment, label="1: mix")
    whole = odd.report
    assert whole
    views = whole["mixed_views"]
    for damaged in (
        {**whole, "mixed_views": 7},
        {**whole, "mixed_views": [{**views[0], "lanes": [{"requests": "many"}]}]},
        {**whole, "lanes": [{}]},
    ):
        await Run.objects.filter(pk=odd.pk).aupdate(report=damaged)
        for part in ("", "answer/", "answer.json", "answer.csv"):
            assert (await browser.get(f"/explore/{experiment.pk}/{part}")).status_code == 200
        page = await text_of(browser, f"/explore/{experiment.pk}/")
        assert f"1 run cannot be shown ({odd.pk})" in page
        assert "50.0 ms" in page  # of the other block


async def test_the_bench_offers_the_rate_of_a_mix(browser: AsyncClient) -> None:
    page = await text_of(browser, "/?scenario=monday")
    form = page[page.index('id="fire"') :]
    assert re.search(r'value="rate"[^>]* checked', form)
    assert re.search(r'name="rate"[^>]* value="100"', form)
    assert re.search(r'name="duration"[^>]* value="2"', form)


async def test_a_mix_is_no_view_to_be_surveyed_or_traced(browser: AsyncClient) -> None:
    survey = await text_of(browser, "/survey/")
    assert re.findall(r'name="scenarios" value="(\w+)"', survey) == ["search", "report", "page"]
    xray = await text_of(browser, "/xray/")
    assert "Searching" in xray
    assert "Monday at ten" not in xray
    refused = await browser.post("/survey/start/", {"scenarios": ["monday"]})
    assert refused.status_code == 422
    response = await browser.post("/xray/", {"scenario": "monday", "lane": "mix@waitress"})
    assert response.status_code == 422
    assert not await Run.objects.aexists()


async def test_a_survey_is_weighted_by_a_mix(browser: AsyncClient, laboratory: Laboratory) -> None:
    page = await text_of(browser, "/survey/")
    assert '<option value="monday" >Monday at ten</option>' in page
    fields = {"server": "waitress", "mix": "monday", "concurrency": "4", "rounds": "5"}
    refused = await browser.post("/survey/start/", {**fields, "mix": "friday"}, headers=HTMX)
    assert refused.status_code == 422
    assert "expected a mix, found friday" in refused.content.decode()
    response = await browser.post("/survey/start/", fields)
    assert response.status_code == 303
    survey = await Experiment.objects.aget()
    assert survey.question["mix"] == "monday"
    weights = {view["scenario"]: view["weight"] for view in survey.question["views"]}
    assert weights == pytest.approx({"search": 0.6, "report": 0.3, "page": 0.1})
    await laboratory.stop(survey)
    await laboratory.outcome(survey)


def test_all_lanes_of_a_mix_share_one_scale() -> None:
    def cell(lane: str, ratio: float | None) -> Any:
        slowdown = {"without": None, "p95_ms": 10.0, "ratio": ratio, "interval": None}
        return {
            "view": "a", "share": 1.0, "lane": lane, "requests": 1, "failed": 0, "p95_ms": 10.0,
            "bystander_p95_ms": None, "slowdowns": [slowdown], "compared": None,
        }  # fmt: skip

    ratios = {"mix@a": 10.0, "mix@b": 10**0.5, "mix@c": 0.5, "mix@d": None}
    answer: Any = {
        "views": ["a"],
        "cells": [cell(lane, ratio) for lane, ratio in ratios.items()],
        "lanes": [{"lane": lane, "bystander_p95_ms": None, "keeps_up": None} for lane in ratios],
    }
    tables = slowdown_tables(answer)
    shades = [row.cells[0] and row.cells[0].shade for table in tables for row in table.rows]
    assert shades == [8, 4, 0, None]
