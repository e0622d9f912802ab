"""Capacity under Explore: its form and errors, its page, downloads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.models import Experiment, Status
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.shared.laboratory_access import set_laboratory
from tests.runs.fakes import FakeEngine, FakeTargets, fake_laboratory
from tests.web.explore.test_explore import HTMX, fired

# The engine that replays answers at once in 100 ms at any rate: every rate is held.
FIELDS = {
    "scenario": "sleep",
    "rate": "2000",
    "p95": "200",
    "error": "0.1",
    "duration": "1",
    "rounds": "3",
    "lanes": ["sync@gunicorn-gthread"],
}


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"rate": ""}, "rate", "expected a number, found none"),
        ({"rate": "0"}, "rate", "expected 1 to 10000"),
        ({"p95": "nan"}, "p95", "expected a finite number"),
        ({"error": "60"}, "error", "expected 0 to 0.5"),
        ({"memory": "0"}, "memory", "expected 1 to"),
        ({"rounds": "1"}, "rounds", "expected 3 to 10"),
        ({"duration": "100"}, "duration", "expected 1 to 60 s"),
        ({"lanes": ["sync"]}, "lanes", "expected VARIANT@SERVER"),
    ],
)
async def test_an_impossible_value_has_a_message_beside_its_field(
    browser: AsyncClient, changed: dict[str, Any], field: str, words: str
) -> None:
    response = await browser.post("/explore/capacity/", {**FIELDS, **changed}, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert page.count("<form") == 1
    (message,) = re.findall(rf'id="error-capacity-{field}">(.*?)</p>', page)
    assert words in message
    assert not await Experiment.objects.aexists()


async def test_an_estimate_has_both_ends(browser: AsyncClient) -> None:
    response = await browser.post("/explore/capacity/estimate/", FIELDS)
    assert re.match(r"takes about \d+ to \d+ s", response.content.decode())
    refused = await browser.post("/explore/capacity/estimate/", {**FIELDS, "rate": "0"})
    assert refused.content == b""


async def test_the_answer_is_a_sentence_and_a_row_for_each_configuration(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    experiment = await fired(browser, laboratory, "capacity", FIELDS)
    assert experiment.status == Status.FINISHED, experiment.problem
    answer = (await browser.get(f"/explore/{experiment.pk}/answer.json")).json()
    page = (await browser.get(f"/explore/{experiment.pk}/")).content.decode()
    assert answer["sentence"]
    assert answer["sentence"] in page.replace("&#x27;", "'")
    assert page.count('<th scope="row">') == len(answer["candidates"]) > 0
    runs = [tried["run"] for each in answer["candidates"] for tried in each["tried"]]
    for run in runs:
        assert f'href="/runs/{run}/"' in page
    assert "style=" not in page
    table = await browser.get(f"/explore/{experiment.pk}/answer.csv")
    assert f'filename="capacity-{experiment.pk}.csv"' in table["Content-Disposition"]
    assert len(table.content.decode().splitlines()) == len(runs) + 1
    assert f"/explore/{experiment.pk}/" in (await browser.get("/explore/")).content.decode()


async def test_a_project_that_does_not_start_has_its_reason_and_no_table(
    browser: AsyncClient, laboratory: Laboratory, tmp_path: Path
) -> None:
    targets = FakeTargets(failing=("gunicorn-gthread",))
    failing = fake_laboratory(FakeEngine(), tmp_path, targets)
    set_laboratory(failing)
    experiment = await fired(browser, failing, "capacity", FIELDS)
    page = (await browser.get(f"/explore/{experiment.pk}/")).content.decode()
    assert 'data-status="failed"' in page
    assert "1 of 1 run failed: gunicorn-gthread did not start" in page
    assert "<table" not in page
    await failing.close()


class TestWhileItRuns:
    """Live, and stopped."""

    @pytest.fixture
    def engine(self) -> FakeEngine:
        return FakeEngine(hold=True)

    async def test_it_polls_and_counts_its_rates_until_it_is_stopped(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        address = (await browser.post("/explore/capacity/", FIELDS))["Location"]
        await engine.holding.wait()
        page = (await browser.get(address)).content.decode()
        assert f'hx-get="{address}answer/"' in page
        assert "0 rates so far" in page
        assert "Watch the current run" in page
        assert "capacity: sleep, 2000/s" in (await browser.get("/queue/")).content.decode()
        assert (await browser.post(f"{address}stop/", headers=HTMX)).status_code == 200
        await laboratory.outcome(await Experiment.objects.aget())
        fragment = (await browser.get(f"{address}answer/")).content.decode()
        assert 'data-status="stopped"' in fragment
        assert 'id="asking"' not in fragment
        assert "Watch the current run" not in fragment
