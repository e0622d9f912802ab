"""Survey: its form and errors, a page for each survey, live while it runs, downloads, Stop."""

from __future__ import annotations

import csv
import io
import re
from html import escape
from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.models import Experiment, Run, Status
from dashboard.runs.queue.laboratory import Laboratory
from tests.runs.fakes import FakeEngine
from tests.web.history.test_unreadable_runs import RAW, store_raw

HTMX = {"hx-request": "true"}
# One fast view, at the fewest rounds that can be compared.
FIELDS = {"scenarios": ["sleep"], "server": "gunicorn-gthread", "concurrency": "8", "rounds": "5"}


async def fired(browser: AsyncClient, laboratory: Laboratory, fields: Any = FIELDS) -> Experiment:
    """Return the survey that the form started, at its end."""
    response = await browser.post("/survey/start/", fields)
    assert response.status_code == 303, response.content.decode()
    assert response["Location"].startswith("/survey/")
    experiment = await Experiment.objects.aget(pk=response["Location"].split("/")[2])
    await laboratory.outcome(experiment)
    return await Experiment.objects.aget(pk=experiment.pk)


async def text_of(browser: AsyncClient, address: str) -> str:
    response = await browser.get(address)
    assert response.status_code == 200, address
    text: str = response.content.decode()
    return text


async def test_before_the_first_survey_the_page_is_its_form(browser: AsyncClient) -> None:
    page = await text_of(browser, "/survey/")
    assert 'aria-current="page">Survey' in page
    assert "No survey yet" in page
    assert re.search(r'name="server"[^>]* value="gunicorn-gthread', page)
    assert 'name="scenarios" value="sleep"' in page
    assert re.search(r"\d+ views", page)
    assert "error-" not in page
    assert "style=" not in page
    assert 'id="asking"' not in page


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"scenarios": ["nothing"]}, "scenarios", "expected one of those listed, found nothing"),
        ({"server": "apache"}, "server", "expected"),
        ({"server": "gunicorn-gthread:threads=0"}, "server", "expected"),
        ({"concurrency": "many"}, "concurrency", "expected a whole number"),
        ({"concurrency": "0"}, "concurrency", "expected"),
        ({"rounds": "0"}, "rounds", "expected"),
    ],
)
async def test_an_impossible_value_has_a_message_beside_its_field(
    browser: AsyncClient, changed: dict[str, Any], field: str, words: str
) -> None:
    response = await browser.post("/survey/start/", {**FIELDS, **changed})
    page = response.content.decode()
    assert response.status_code == 422
    (message,) = re.findall(rf'id="error-survey-{field}">(.*?)</p>', page)
    assert words in message
    assert not await Experiment.objects.aexists()


async def test_for_htmx_a_refused_form_alone_is_returned_with_what_was_entered(
    browser: AsyncClient,
) -> None:
    fields = {**FIELDS, "rounds": "0", "server": "gunicorn-gthread:threads=2"}
    response = await browser.post("/survey/start/", fields, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert page.count("<form") == 1
    assert 'value="sleep" checked' in page
    assert 'value="gunicorn-gthread:threads=2"' in page
    assert "<html" not in page


async def test_a_started_survey_has_its_own_address(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    response = await browser.post("/survey/start/", FIELDS, headers=HTMX)
    experiment = await Experiment.objects.aget()
    assert response["HX-Redirect"] == f"/survey/{experiment.pk}/"
    await laboratory.outcome(experiment)


class TestEstimate:
    """How long a survey will take, before it is started."""

    async def estimate(self, browser: AsyncClient, **changed: Any) -> str:
        fields = {**FIELDS, **changed}
        response = await browser.post("/survey/estimate/", fields, headers=HTMX)
        assert response.status_code == 200
        text: str = response.content.decode()
        return text

    async def test_it_has_the_number_of_views_and_the_time(self, browser: AsyncClient) -> None:
        assert re.match(r"\d+ views?; takes about \d", await self.estimate(browser))

    async def test_more_rounds_take_longer(self, browser: AsyncClient) -> None:
        few = await self.estimate(browser, rounds="5")
        many = await self.estimate(browser, rounds="20")
        assert seconds_in(many) > seconds_in(few)

    async def test_a_wrong_value_has_none(self, browser: AsyncClient) -> None:
        assert await self.estimate(browser, rounds="0") == ""
        assert not await Experiment.objects.aexists()


def seconds_in(estimate: str) -> float:
    """Return the seconds that an estimate has first."""
    found = re.search(r"about ([\d.]+) (s|min)", estimate)
    assert found, estimate
    return float(found[1]) * (60 if found[2] == "min" else 1)


async def test_a_finished_survey_is_a_table_that_links_to_its_runs(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    experiment = await fired(browser, laboratory)
    assert experiment.status == Status.FINISHED, experiment.problem
    answer = (await browser.get(f"/survey/{experiment.pk}/answer.json")).json()
    page = await text_of(browser, f"/survey/{experiment.pk}/")
    assert page.count("<tr data-state=") == len(answer["rows"]) > 0
    for row in answer["rows"]:
        assert f'<a href="/runs/{row["run"]}/">{row["view"]}</a>' in page
        assert f'data-word="{row["word"]}">' in page
        assert escape(row["reason"]) in page
    assert 'id="asking"' not in page
    assert "style=" not in page
    assert "Every prediction, with its formula" in page
    # It is also the newest on the page Survey, with the form folded above it.
    newest = await text_of(browser, "/survey/")
    assert f'href="/survey/{experiment.pk}/"' in newest
    assert '<details class="survey-again">' in newest
    assert "Earlier surveys" not in newest


async def test_the_table_can_be_sorted_and_copied(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    fields = {**FIELDS, "scenarios": ["sleep", "cpu"]}
    experiment = await fired(browser, laboratory, fields)
    page = await text_of(browser, f"/survey/{experiment.pk}/")
    markdown = (await browser.get(f"/survey/{experiment.pk}/answer.md")).content.decode()
    assert escape(markdown) in page
    assert 'data-copy="as-markdown"' in page
    by_gain = re.findall(r"<tr data-state=.*?</a>", page, re.DOTALL)
    assert len(by_gain) == 2
    assert 'aria-sort="descending">Advice' in page
    for address in (f"/survey/{experiment.pk}/", f"/survey/{experiment.pk}/answer/", "/survey/"):
        by_name = await text_of(browser, f"{address}?sort=view")
        assert 'aria-sort="ascending">View' in by_name
        rows = re.findall(r"<tr data-state=.*?</a>", by_name, re.DOTALL)
        assert sorted(rows) == sorted(by_gain)
        names = [re.sub(r".*>(.*)</a>$", r"\1", row, flags=re.DOTALL).lower() for row in rows]
        assert names == sorted(names)
    odd = await text_of(browser, f"/survey/{experiment.pk}/?sort=nothing")
    assert re.findall(r"<tr data-state=.*?</a>", odd, re.DOTALL) == by_gain


async def test_earlier_surveys_are_listed_below_the_newest(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    first, second = await fired(browser, laboratory), await fired(browser, laboratory)
    page = await text_of(browser, "/survey/")
    assert f'<a class="permalink" href="/survey/{second.pk}/">' in page
    assert f'<li><a href="/survey/{first.pk}/">' in page


async def test_the_history_and_the_queue_lead_to_the_survey(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    experiment = await fired(browser, laboratory)
    assert f'href="/survey/{experiment.pk}/"' in await text_of(browser, "/runs/")
    # Under Explore are matrices and sweeps alone.
    assert experiment.pk not in await text_of(browser, "/explore/")
    assert (await browser.get(f"/explore/{experiment.pk}/")).status_code == 404


async def test_answers_can_be_downloaded(browser: AsyncClient, laboratory: Laboratory) -> None:
    experiment = await fired(browser, laboratory)
    answer = (await browser.get(f"/survey/{experiment.pk}/answer.json")).json()
    assert answer["experiment"] == experiment.pk
    table = await browser.get(f"/survey/{experiment.pk}/answer.csv")
    assert f'filename="survey-{experiment.pk}.csv"' in table["Content-Disposition"]
    assert len(list(csv.DictReader(io.StringIO(table.content.decode())))) >= len(answer["rows"])
    markdown = await browser.get(f"/survey/{experiment.pk}/answer.md")
    assert markdown["Content-Type"] == "text/markdown; charset=utf-8"
    assert f'filename="survey-{experiment.pk}.md"' in markdown["Content-Disposition"]
    assert markdown.content.decode().startswith("## Survey of liveapp")


@pytest.mark.parametrize("part", ["", "answer/", "answer.json", "answer.csv", "answer.md"])
async def test_a_missing_page_has_no_traceback(browser: AsyncClient, part: str) -> None:
    assert (await browser.get(f"/survey/nothing/{part}")).status_code == 404


async def test_other_http_methods_are_refused(browser: AsyncClient) -> None:
    for address in ("/survey/start/", "/survey/estimate/"):
        assert (await browser.get(address)).status_code == 405
    assert (await browser.post("/survey/")).status_code == 405


async def test_a_damaged_run_costs_its_own_row_and_no_other(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    experiment = await fired(browser, laboratory)
    answer = (await browser.get(f"/survey/{experiment.pk}/answer.json")).json()
    damaged = answer["rows"][0]["run"]
    odd: list[dict[str, Any]] = [{"report": "text"}, {"report": {"lanes": []}}, {"plan": 7}]
    for values in odd:
        run = await Run.objects.aget(pk=damaged)
        await Run.objects.filter(pk=damaged).aupdate(**values)
        for part in ("", "answer/", "answer.json", "answer.csv", "answer.md"):
            await text_of(browser, f"/survey/{experiment.pk}/{part}")
        await Run.objects.filter(pk=damaged).aupdate(plan=run.plan, report=run.report)
    await store_raw("dashboard_run", "plan", RAW["plan"], damaged)
    page = await text_of(browser, f"/survey/{experiment.pk}/")
    assert page.count("<tr data-state=") == len(answer["rows"])


class TestWhileItRuns:
    """Live, stopped."""

    @pytest.fixture
    def engine(self) -> FakeEngine:
        return FakeEngine(hold=True)

    async def test_an_active_survey_polls_until_it_is_stopped(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        address = (await browser.post("/survey/start/", FIELDS))["Location"]
        await engine.holding.wait()
        page = await text_of(browser, address)
        assert f'hx-get="{address}answer/"' in page
        assert re.search(r"0 of \d+", page)
        assert '<progress max="' in page
        assert f'href="{address}"' in await text_of(browser, "/queue/")
        stop = f"/explore/{address.split('/')[2]}/stop/"
        assert f'action="{stop}"' in page
        stopped = await browser.post(stop)
        assert stopped["Location"] == address
        experiment = await Experiment.objects.aget()
        await laboratory.outcome(experiment)
        fragment = await text_of(browser, f"{address}answer/")
        assert 'data-status="stopped"' in fragment
        assert 'id="asking"' not in fragment
        assert not re.search(r"<html|<nav", fragment)
