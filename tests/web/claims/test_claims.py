"""The claims page: cards with verdicts and buttons, try all, progress and Stop."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.models import Experiment, Run, Status
from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.scenario import Claim, ClaimSweep, Expectation
from dashboard.runs.experiments import claims as known
from dashboard.runs.live.hub import Hub
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.shared.laboratory_access import set_laboratory
from dashboard.wire.plan.plan import Lane
from tests.runs.fakes import LIVEAPP, FakeEngine, FakeTargets, fake_resources

HTMX = {"hx-request": "true"}
SYNC, ASYNC = "sync@gunicorn-gthread", "async@daphne"


def claim(name: str, *expectations: tuple[str, str], rounds: int = 1) -> Claim:
    expect = tuple(Expectation(Lane.parse(lane), condition) for lane, condition in expectations)
    return Claim(name, f"It is {name} & <i>sound</i>.", "sleep", expect, 4, rounds=rounds)


# The engine that replays answers all lanes alike, in 100 ms, and each had 8 in its application.
CLAIMS = [
    claim("true", (SYNC, "peak_in_app < 9")),
    claim("half", (SYNC, "peak_in_app < 9"), (ASYNC, "peak_in_app > 8")),
    claim("false", (SYNC, "peak_in_app < 2")),
    claim("open", (ASYNC, f"makespan_s < {SYNC}.makespan_s")),
    claim("odd", ("async@gunicorn-gevent", "ok > 1")),
]
NO_VERDICT: dict[str, Any] = {"spoiled": None, "comparisons": [], "sentence": "No verdict."}
ALONG = replace(
    claim("along", (ASYNC, f"makespan_s < {SYNC}.makespan_s")),
    sweep=ClaimSweep("concurrency=1..64", 4),
)


@pytest.fixture
async def laboratory(
    engine: FakeEngine, tmp_path: Path, transactional_db: None
) -> AsyncIterator[Laboratory]:
    """A laboratory whose project has the claims above."""
    targets = FakeTargets()
    ours = load_manifest(LIVEAPP)
    targets.project = replace(ours, claims={claim.name: claim for claim in CLAIMS})
    made = Laboratory(fake_resources(engine, targets), Hub(), tmp_path)
    set_laboratory(made)
    yield made
    await made.close()


async def page_of(browser: AsyncClient, address: str = "/claims/") -> str:
    response = await browser.get(address)
    assert response.status_code == 200
    return response.content.decode()


def card(page: str, name: str) -> str:
    """Return the text of a claim's result."""
    part = (
        page.split(f'id="result-{name}"')[1]
        .split("</form>", maxsplit=1)[0]
        .split('id="result-', maxsplit=1)[0]
    )
    return " ".join(re.sub("<[^>]+>", " ", part).split())


async def try_all(laboratory: Laboratory, browser: AsyncClient) -> Experiment:
    await browser.post("/claims/")
    experiment = await Experiment.objects.aget()
    await laboratory.outcome(experiment)
    await experiment.arefresh_from_db()
    return experiment


async def test_an_untried_claim_has_code_and_a_button(browser: AsyncClient) -> None:
    page = await page_of(browser)
    assert "It is true &amp; &lt;i&gt;sound&lt;/i&gt;." in page
    assert "Not tried here" in card(page, "true")
    assert "Try" in card(page, "true")
    assert "4 requests at once, 1 round" in page
    assert '<span class="k">async</span>' in page
    assert "<mark>" in page
    assert "expected a sync variant" in card(page, "odd")
    assert "/claims/fire/odd/" not in page
    assert 'style="' not in page
    assert "every 1s" not in page
    assert "takes a few minutes" in page


async def test_all_are_tried_and_each_has_its_verdict_number_and_run(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    experiment = await try_all(laboratory, browser)
    assert experiment.status == Status.FINISHED
    page = await page_of(browser)
    for name, verdict, number in [
        ("true", "True here", "8 below 9"),
        ("half", f"True only for {SYNC}", "8 above 8"),
        ("false", "Not true here", "8 below 2"),
        ("open", "Undecided here", "as long less time"),
    ]:
        html = card(page, name)
        assert verdict in html
        assert number in html
        run = await Run.objects.aget(claim=name)
        assert f'href="/runs/{run.pk}/"' in page
    assert "fewer than five rounds are a first look" in card(page, "open")
    assert "not tried" in page
    assert re.search(r"took \d\.\d s last time", page)
    assert await Run.objects.filter(claim="odd").acount() == 0


async def test_one_claim_is_fired_by_its_button(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    response = await browser.post("/claims/fire/true/")
    assert (response.status_code, response["Location"]) == (303, "/claims/#claim-true")
    run = await Run.objects.aget()
    assert run.claim == "true"
    await laboratory.outcome(run)
    assert "True here" in card(await page_of(browser), "true")


async def test_a_claim_with_several_loads_starts_its_sweep(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    targets: Any = laboratory._resources.targets
    claims = {"along": ALONG, "true": CLAIMS[0]}
    targets.project = replace(laboratory.project, claims=claims)
    page = await page_of(browser)
    assert "with 1, 4, 16 and 64 concurrent requests" in page
    assert page.count(">Sweep</button>") == 1
    response = await browser.post("/claims/sweep/along/")
    experiment = await Experiment.objects.aget()
    assert (response.status_code, response["Location"]) == (303, f"/explore/{experiment.pk}/")
    assert experiment.kind == Experiment.Kind.SWEEP
    assert experiment.question["levels"] == [1, 4, 16, 64]
    await laboratory.stop(experiment)
    await laboratory.outcome(experiment)
    for name in ("true", "nothing"):
        assert (await browser.post(f"/claims/sweep/{name}/")).status_code == 404


async def test_a_sweep_that_cannot_be_fired_gives_the_reason(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    targets: Any = laboratory._resources.targets
    along = replace(ALONG, sweep=ClaimSweep("size=1..64"))
    targets.project = replace(laboratory.project, claims={"along": along})
    page = await page_of(browser)
    assert "over: expected one of concurrency, rate, delay, found &#x27;size&#x27;" in page
    assert ">Sweep</button>" not in page


@pytest.mark.parametrize("name", ["nothing", "odd"])
async def test_a_claim_that_cannot_run_is_not_found(browser: AsyncClient, name: str) -> None:
    assert (await browser.post(f"/claims/fire/{name}/")).status_code == 404
    assert await Run.objects.acount() == 0


async def test_a_failed_run_is_shown_and_can_be_tried_again(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    await try_all(laboratory, browser)
    await Run.objects.filter(claim="true").aupdate(status=Status.FAILED, problem="It broke.")
    html = card(await page_of(browser), "true")
    assert "failed The run failed." in html
    assert "It broke." in html
    assert "Try again" in html


async def test_a_disturbed_run_is_beside_the_last_good_verdict(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    await try_all(laboratory, browser)
    good = await Run.objects.aget(claim="false")
    await Run.objects.exclude(pk=good.pk).adelete()
    await browser.post("/claims/fire/false/")
    later = await Run.objects.exclude(pk=good.pk).aget()
    await laboratory.outcome(later)
    await later.arefresh_from_db()
    report: Any = later.report
    disturbed = {"reason": "the load generator ran late", "intervals": {}}
    report["verdict"] = {**NO_VERDICT, "disturbed": disturbed}
    report["lanes"][0]["server_side"]["peak_in_app"] = 1
    await Run.objects.filter(pk=later.pk).aupdate(report=report)
    html = card(await page_of(browser), "false")
    assert html.index("Not true here") < html.index("Disturbed since then")
    assert f"Undecided here in run {later.pk}" in html
    assert "The load generator ran late" in html
    assert f"From run {good.pk}" in html
    assert "1 below 2" in html
    assert "Show the run" not in html


async def test_other_http_methods_are_refused(browser: AsyncClient) -> None:
    assert (await browser.get("/claims/fire/true/")).status_code == 405
    assert (await browser.get("/claims/stop/")).status_code == 405
    assert (await browser.post("/claims/progress/")).status_code == 405


async def test_a_project_without_claims_shows_how_to_add_one(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    targets: Any = laboratory._resources.targets
    targets.project = replace(laboratory.project, claims={})
    assert "[claim.NAME]" in await page_of(browser)
    await browser.post("/claims/")
    assert await Experiment.objects.acount() == 0


def seen(page: str) -> str:
    (word,) = re.findall(r"\?seen=(\w+)", page)
    return str(word)


class TestWhileItRuns:
    """Progress, changes, and Stop."""

    @pytest.fixture
    def engine(self) -> FakeEngine:
        return FakeEngine(hold=True)

    async def test_progress_is_polled_while_something_runs(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        fragment = (await browser.post("/claims/", headers=HTMX)).content.decode()
        assert "every 1s" in fragment
        await engine.holding.wait()
        page = await page_of(browser)
        assert "claim 1 of 4, round 1 of 1" in page
        assert "running" in card(page, "true")
        assert "Watch the run" in card(page, "true")
        assert "/claims/fire/true/" not in page
        assert 'id="claims-stop"' in page
        engine.stop()
        await laboratory.outcome(await Experiment.objects.aget())
        assert "every 1s" not in await page_of(browser)

    async def test_cards_are_sent_when_they_have_changed_and_only_then(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        before = seen(await page_of(browser))
        await browser.post("/claims/", headers=HTMX)
        await engine.holding.wait()
        changed = await page_of(browser, f"/claims/progress/?seen={before}")
        assert changed.count('hx-swap-oob="true"') == len(CLAIMS) + 1
        assert "running" in card(changed, "true")
        same = await page_of(browser, f"/claims/progress/?seen={seen(changed)}")
        assert "hx-swap-oob" not in same
        assert "claim 1 of 4" in same

    async def test_pressing_the_button_twice_queues_once(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        await browser.post("/claims/")
        await browser.post("/claims/")
        assert await Experiment.objects.acount() == 1

    async def test_stop_ends_all_claims_being_tried_and_no_other_run(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        await browser.post("/claims/")
        await engine.holding.wait()
        plan = known.plan_of(laboratory.project, CLAIMS[0])
        ordinary = await laboratory.start(plan)
        response = await browser.post("/claims/stop/")
        assert (response.status_code, response["Location"]) == (303, "/claims/")
        await laboratory.outcome(await Experiment.objects.aget())
        assert (await Experiment.objects.aget()).status == Status.STOPPED
        await laboratory.outcome(ordinary)
        assert (await Run.objects.aget(pk=ordinary.pk)).status == Status.FINISHED
        assert "stopped" in card(await page_of(browser), "true")
