"""Whose fault it was that a run has no verdict: in its report, by lane."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dashboard.models import Run, Status
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.reports.stored import stored_report
from dashboard.wire.errors import TargetFailed
from dashboard.wire.plan.plan import Firing
from tests.runs.fakes import FakeEngine, FakeTargets, fake_laboratory


@pytest.mark.django_db(transaction=True)
async def test_a_target_that_ended_costs_its_own_lane_the_verdict(tmp_path: Path) -> None:
    targets, engine = FakeTargets(), FakeEngine()
    fire = engine.fire

    async def fire_and_die(firing: Firing) -> AsyncIterator[bytes]:
        async for payload in fire(firing):
            yield payload
        if (firing.lane, firing.round) == (2, 2):
            targets.made["daphne"].failure = TargetFailed("daphne ended with status 9", "")

    engine.fire = fire_and_die  # type: ignore[method-assign]
    lanes = ["sync@gunicorn-gthread", "async@uvicorn", "sync@daphne"]
    plan = make_plan(targets.project, scenario="sleep", lanes=lanes, requests=8, rounds=6)
    laboratory = fake_laboratory(engine, tmp_path, targets)
    started = await laboratory.start(plan)
    assert (await laboratory.outcome(started)).status == Status.FINISHED
    report = stored_report(await Run.objects.aget(pk=started.pk))
    assert report
    verdict = report["verdict"]
    assert verdict
    assert list(verdict.get("faults", {})) == ["sync@daphne"]
    answers = {each["lane"]: each["answer"] for each in verdict["comparisons"]}
    assert answers["sync@daphne"] == "not-trusted"
    assert answers["async@uvicorn"] != "not-trusted"
    assert "No verdict on sync@daphne. sync@daphne, round 2: daphne ended" in verdict["sentence"]
