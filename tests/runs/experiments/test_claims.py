"""Claims and their runs: what is fired, which run counts, and the progress of a test of all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import Experiment, Run, Status
from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.scenario import Claim, Expectation
from dashboard.project.project import Project
from dashboard.runs.experiments import claims
from dashboard.runs.experiments.claim_progress import active, progress, progress_text
from dashboard.runs.experiments.claim_status import (
    ClaimStatus,
    claim_status,
    claim_statuses_in,
    untried_first,
)
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.frame import encode_event, is_event
from dashboard.wire.plan.plan import MAX_LANES, Firing, Lane
from tests.runs.fakes import LIVEAPP, FakeEngine, FakeTargets, fake_laboratory

pytestmark = pytest.mark.django_db(transaction=True)

SYNC, ASYNC = "sync@gunicorn-gthread", "async@daphne"


def claim(name: str = "faster", *expectations: tuple[str, str], **changes: Any) -> Claim:
    pairs = expectations or ((ASYNC, f"makespan_s < {SYNC}.makespan_s"),)
    expect = tuple(Expectation(Lane.parse(lane), condition) for lane, condition in pairs)
    return Claim(name, f"It is {name}.", "sleep", expect, requests=4, rounds=1, **changes)


def project(*definitions: Claim) -> Project:
    return replace(
        load_manifest(LIVEAPP), claims={definition.name: definition for definition in definitions}
    )


def laboratory(
    home: Path,
    loaded: Project,
    engine: FakeEngine | None = None,
    failing: tuple[str, ...] = (),
) -> Laboratory:
    targets = FakeTargets(failing)
    targets.project = loaded
    return fake_laboratory(engine or FakeEngine(), home, targets)


async def tried(lab: Laboratory, tested: Claim) -> Run:
    run = await lab.start(claims.plan_of(lab.project, tested), claim=tested.name)
    await lab.outcome(run)
    return await Run.objects.aget(pk=run.pk)


async def standing(lab: Laboratory, tested: Claim) -> ClaimStatus:
    return await sync_to_async(claim_status)(lab.project, tested)


def test_every_claim_of_liveapp_can_be_fired() -> None:
    ours = load_manifest(LIVEAPP)
    assert ours.claims
    for definition in ours.claims.values():
        plan = claims.plan_of(ours, definition)
        assert len(plan.lanes) <= MAX_LANES
        compares = any(
            "makespan_s <" in str(each) and "/" in str(each) for each in definition.expect
        )
        assert plan.rounds >= 5 or not compares, (
            f"{definition.name}: too few rounds for an interval"
        )


def test_a_lane_that_others_are_compared_with_is_the_baseline() -> None:
    tested = claim("x", (ASYNC, f"makespan_s / {SYNC}.makespan_s < 1"), ("sync@daphne", "ok > 1"))
    assert claims.lanes_of(tested) == [SYNC, ASYNC, "sync@daphne"]
    plan = claims.plan_of(project(tested), tested)
    assert [str(lane) for lane in plan.lanes] == claims.lanes_of(tested)
    assert (plan.load.requests, plan.rounds) == (4, 1)


def test_an_unknown_claim_is_refused_by_name() -> None:
    with pytest.raises(InvalidPlan, match="claim: expected one of faster, found 'better'"):
        claims.claim_of(project(claim()), "better")


async def test_the_last_finished_run_decides_a_claim(tmp_path: Path) -> None:
    peak = claim("peak", (SYNC, "peak_in_app < 9"), (ASYNC, "peak_in_app < 8"))
    lab = laboratory(tmp_path, project(peak))
    assert await standing(lab, peak) == ClaimStatus(peak)
    run = await tried(lab, peak)
    assert run.claim == "peak"
    status = await standing(lab, peak)
    assert (status.latest, status.decision and status.decision.run) == (run, run)
    assert status.verdict is not None
    assert status.verdict.kind == "holds-only-when"
    verdict = status.to_json()["verdict"]
    assert verdict is not None
    assert verdict["findings"][0]["value"] == 8


async def test_a_failed_run_leaves_the_earlier_verdict(tmp_path: Path) -> None:
    peak = claim("peak", (SYNC, "peak_in_app < 9"))
    run = await tried(laboratory(tmp_path, project(peak)), peak)
    failed = await tried(laboratory(tmp_path, project(peak), failing=("gunicorn-gthread",)), peak)
    status = await standing(laboratory(tmp_path, project(peak)), peak)
    assert failed.status == Status.FAILED
    assert (status.latest, status.decision and status.decision.run) == (failed, run)
    assert status.verdict is not None


@pytest.mark.parametrize(
    "changes", [{"concurrency": 2}, {"parameters": {"delay": 0.2}}, {"name": "other"}]
)
async def test_runs_of_other_claims_and_older_definitions_do_not_count(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    peak = claim("peak", (SYNC, "peak_in_app < 9"))
    lab = laboratory(tmp_path, project(peak))
    await tried(lab, peak)
    changed = replace(peak, **changes)
    assert await standing(lab, changed) == ClaimStatus(changed)


async def test_a_deleted_run_does_not_count(tmp_path: Path) -> None:
    peak = claim("peak", (SYNC, "peak_in_app < 9"))
    lab = laboratory(tmp_path, project(peak))
    run = await tried(lab, peak)
    await Run.objects.filter(pk=run.pk).aupdate(deleted=run.created)
    assert await standing(lab, peak) == ClaimStatus(peak)


async def test_a_run_without_a_claim_does_not_count(tmp_path: Path) -> None:
    peak = claim("peak", (SYNC, "peak_in_app < 9"))
    lab = laboratory(tmp_path, project(peak))
    await lab.outcome(await lab.start(claims.plan_of(lab.project, peak)))
    assert (await standing(lab, peak)).latest is None


async def test_a_claim_that_cannot_be_fired_has_the_reason(tmp_path: Path) -> None:
    odd = claim("odd", ("async@gunicorn-gevent", "ok > 1"))
    lab = laboratory(tmp_path, project(odd, claim()))
    assert "gevent" in (await standing(lab, odd)).refusal
    assert [definition.name for definition in claims.fireable(lab.project)] == ["faster"]


async def test_all_claims_are_tested_in_one_place_of_the_queue(tmp_path: Path) -> None:
    definitions = [claim(name, (SYNC, "peak_in_app < 9")) for name in ("first", "second")]
    engine = FakeEngine(hold=True)
    lab = laboratory(tmp_path, project(*definitions), engine)
    experiment = await lab.experiment(claims.claims_experiment(lab.project, definitions))
    await engine.holding.wait()
    now = await sync_to_async(progress)(lab.project)
    assert now is not None
    assert (now.member, now.done, now.total, now.share) == (experiment, 0, 2, 0)
    assert await sync_to_async(progress_text)(now) == "claim 1 of 2, round 1 of 1"
    engine.stop()
    assert (await lab.outcome(experiment)).status == Status.FINISHED
    assert await sync_to_async(progress)(lab.project) is None
    for definition in definitions:
        status = await standing(lab, definition)
        assert status.verdict is not None
        assert status.verdict.kind == "holds"


class BusyAtFirst(FakeEngine):
    """Uses up its core in the first run, of one lane and one round."""

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        async for payload in super().fire(firing):
            if is_event(payload) and len(self.fired) <= 3:  # warm-up, round, and once more
                event = json.loads(payload)
                yield encode_event({**event, "cpu_ns": event.get("wall_ns")})
            else:
                yield payload


async def test_a_disturbed_claim_is_fired_once_more(tmp_path: Path) -> None:
    definitions = [claim(name, (SYNC, "ok > 3")) for name in ("first", "second")]
    lab = laboratory(tmp_path, project(*definitions), BusyAtFirst())
    experiment = await lab.experiment(claims.claims_experiment(lab.project, definitions))
    assert (await lab.outcome(experiment)).status == Status.FINISHED
    runs = [run async for run in experiment.runs.order_by("position")]
    assert [run.label for run in runs] == ["first", "first, again", "second"]
    status = await sync_to_async(claim_statuses_in)(definitions, experiment)
    assert [item.latest for item in status] == runs[1:]
    assert [item.verdict.kind for item in status if item.verdict] == ["holds", "holds"]


async def test_a_disturbed_run_leaves_the_last_good_verdict(tmp_path: Path) -> None:
    slow = claim("slow", (SYNC, "latency_ms.p50 > 10"))
    good = await tried(laboratory(tmp_path, project(slow)), slow)
    disturbed = await tried(laboratory(tmp_path, project(slow), BusyAtFirst()), slow)
    status = await standing(laboratory(tmp_path, project(slow)), slow)
    assert status.latest == disturbed
    assert status.decision
    assert (status.decision.run, status.decision.doubt) == (good, "")
    assert status.verdict
    assert status.verdict.kind == "holds"
    assert status.disturbed
    assert status.disturbed.run == disturbed
    assert status.disturbed.verdict.kind == "not-shown"
    assert status.disturbed.doubt == "the load generator was at its limit"
    assert status.to_json()["decided_by"] == good.pk

    await Run.objects.filter(pk=good.pk).adelete()  # without a good one, the disturbed one decides
    status = await standing(laboratory(tmp_path, project(slow)), slow)
    assert status.decision
    assert (status.decision.run, status.disturbed) == (disturbed, None)


async def test_a_disturbed_run_that_decides_nevertheless_counts(tmp_path: Path) -> None:
    peak = claim("peak", (SYNC, "peak_in_app < 2"))
    await tried(laboratory(tmp_path, project(peak)), peak)
    disturbed = await tried(laboratory(tmp_path, project(peak), BusyAtFirst()), peak)
    status = await standing(laboratory(tmp_path, project(peak)), peak)
    assert status.decision
    assert (status.decision.run, status.disturbed) == (disturbed, None)


async def test_a_damaged_run_costs_no_claim_its_verdict(tmp_path: Path) -> None:
    peak = claim("peak", (SYNC, "peak_in_app < 9"))
    lab = laboratory(tmp_path, project(peak))
    good, odd = await tried(lab, peak), await tried(lab, peak)
    damaged: list[Any] = [7, [], {"lanes": None}, {"verdict": 7}]
    for report in damaged:
        await Run.objects.filter(pk=odd.pk).aupdate(report=report)
        status = await standing(lab, peak)
        assert status.decision
        assert status.decision.run == good


async def test_untried_claims_are_tried_first(tmp_path: Path) -> None:
    names = ("true", "open", "new", "false")
    undecided = (ASYNC, f"makespan_s < {SYNC}.makespan_s")  # by one round
    expectations = ((SYNC, "peak_in_app < 9"), undecided, (SYNC, "ok > 1"), (SYNC, "ok < 2"))
    definitions = [
        claim(name, expectation) for name, expectation in zip(names, expectations, strict=True)
    ]
    lab = laboratory(tmp_path, project(*definitions))
    for definition in definitions:
        if definition.name != "new":
            await tried(lab, definition)
    order = await sync_to_async(untried_first)(lab.project)
    assert [definition.name for definition in order] == ["new", "open", "true", "false"]


async def test_a_claim_that_is_fired_once_more_is_not_over(tmp_path: Path) -> None:
    definitions = [claim(name, (SYNC, "ok > 3")) for name in ("first", "second")]
    lab = laboratory(tmp_path, project(*definitions), BusyAtFirst())
    experiment = await lab.experiment(claims.claims_experiment(lab.project, definitions))
    await lab.outcome(experiment)
    # As it was when the first one was on again.
    await experiment.runs.filter(claim="second").adelete()
    await experiment.runs.filter(label="first, again").aupdate(status=Status.RUNNING)
    await Experiment.objects.aupdate(status=Status.RUNNING)
    now = await sync_to_async(progress)(lab.project)
    assert now is not None
    assert (now.done, now.total) == (0, 2)


async def test_one_stop_ends_the_test_of_all_claims(tmp_path: Path) -> None:
    definitions = [claim(name, (SYNC, "peak_in_app < 9")) for name in ("first", "second")]
    engine = FakeEngine(hold=True)
    lab = laboratory(tmp_path, project(*definitions), engine)
    experiment = await lab.experiment(claims.claims_experiment(lab.project, definitions))
    await engine.holding.wait()
    single = await lab.start(claims.plan_of(lab.project, definitions[0]), claim="first")
    members = await sync_to_async(active)(lab.project)
    assert members == [single, experiment]  # the one that waits is stopped first
    for member in members:
        await lab.stop(member)
    assert (await lab.outcome(experiment)).status == Status.STOPPED
    assert await Run.objects.acount() == 2
    assert not await Run.objects.filter(status=Status.FINISHED).aexists()
    assert await sync_to_async(active)(lab.project) == []
    assert await Experiment.objects.filter(status=Status.STOPPED).acount() == 1


async def test_progress_counts_firings(tmp_path: Path) -> None:
    tested = claim("one", (SYNC, "peak_in_app < 9"))
    lab = laboratory(tmp_path, project(tested))
    run = await tried(lab, tested)
    await Run.objects.filter(pk=run.pk).aupdate(status=Status.RUNNING)
    now = await sync_to_async(progress)(lab.project)
    assert now is not None
    assert (now.share, now.total) == (1.0, 1)
    assert await sync_to_async(progress_text)(now) == "round 1 of 1"
    await Run.objects.filter(pk=run.pk).aupdate(status=Status.WAITING)
    now = await sync_to_async(progress)(lab.project)
    assert now is not None
    assert await sync_to_async(progress_text)(now) == "queued"
