"""A sampled firing: the load of a round, in a target of its own, dropped, bounded, always ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.project.project import Project
from dashboard.project.secrets import masking
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.where import lane_sampler
from dashboard.runs.where.lane_sampler import LaneSampler, NotSampled, failure_text
from dashboard.runs.where.sampled_lanes import sample_lanes
from dashboard.wire.errors import TargetFailed
from dashboard.wire.frame import WARM_UP_ROUND
from dashboard.wire.plan.plan import Firing, Plan
from tests.runs.fakes import FakeEngine, FakeTargets

from .fakes import FakeSampledTargets, sampling_resources

PROJECT = FakeTargets().project
LANES = ["sync@gunicorn-gthread", "async@daphne"]


def plan(**options: object) -> Plan:
    usual = {"scenario": "sleep", "requests": 40, "concurrency": 20, "lanes": LANES}
    return make_plan(PROJECT, **{**usual, **options})  # type: ignore[arg-type]


async def test_the_load_of_a_round_is_fired_after_a_warm_up(tmp_path: Path) -> None:
    engine, targets, steps = FakeEngine(), FakeSampledTargets(tmp_path), list[str]()
    sampler = LaneSampler(sampling_resources(engine, targets))
    where = await sampler.sample(plan(), 1, PROJECT, on_step=steps.append)
    warm_up, firing = engine.fired
    assert (warm_up.round, warm_up.load.requests, warm_up.load.concurrency) == (
        WARM_UP_ROUND,
        16,
        16,
    )
    assert (firing.load, firing.lane, firing.path) == (plan().load, 1, "/sleep/async/?delay=0.1")
    assert firing.bystander_path is None
    assert targets.started == ["async@daphne"]
    assert targets.running == 0
    assert steps == ["starting daphne", "firing, sampled"]
    (window,) = targets.windows
    assert window[0] < window[1]
    (line,) = where["lines"]
    assert (where["lane"], line["path"], line["line"]) == ("async@daphne", "views.py", 2)
    assert line["source"][line["line"] - line["source_from"]] == "    time.sleep(0.1)"
    assert where["sampler"]["limits"] == []


class Long(FakeEngine):
    """An engine whose firings, but not the warm-up, last until they are stopped."""

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        if firing.round != WARM_UP_ROUND:
            self._release.clear()
        async for payload in super().fire(firing):
            yield payload


async def test_a_long_load_is_cut_off_and_that_is_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_sampler, "FIRING_S", 0.01)
    sampler = LaneSampler(sampling_resources(Long(), FakeSampledTargets(tmp_path)))
    where = await sampler.sample(plan(), 0, PROJECT)
    assert where["sampler"]["limits"] == ["The sampled firing was cut off after 0.01 s."]
    assert where["lines"]


async def test_one_that_takes_too_long_is_given_up_and_its_target_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_sampler, "LANE_S", 0.01)
    engine, targets = FakeEngine(hold=True), FakeSampledTargets(tmp_path)
    with pytest.raises(NotSampled, match=r"It took longer than 0\.01 s"):
        await LaneSampler(sampling_resources(engine, targets)).sample(plan(), 0, PROJECT)
    assert targets.running == 0


async def test_stop_ends_the_target_and_the_firing(tmp_path: Path) -> None:
    engine, targets = FakeEngine(hold=True), FakeSampledTargets(tmp_path)
    sampler = LaneSampler(sampling_resources(engine, targets))
    task = asyncio.create_task(sampler.sample(plan(), 0, PROJECT))
    await engine.holding.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert targets.running == 0
    assert engine._release.is_set()  # it was told to stop


@pytest.fixture
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_replacements", {})
    monkeypatch.setattr(masking, "_pattern", [])


@pytest.mark.usefixtures("no_secrets")
async def test_secrets_in_source_are_masked(tmp_path: Path) -> None:
    masking.remember_variable("SHOP_KEY", "time.sleep(0.1)")
    targets = FakeSampledTargets(tmp_path)
    where = await LaneSampler(sampling_resources(FakeEngine(), targets)).sample(plan(), 0, PROJECT)
    assert where["lines"][0]["source"][1] == "    {env:SHOP_KEY}"


def with_url(project: Project, server: str) -> Project:
    external = replace(project.servers[server], url="http://127.0.0.1:1")
    return replace(project, servers={**project.servers, server: external})


async def test_a_lane_that_cannot_be_sampled_has_a_reason(tmp_path: Path) -> None:
    targets = FakeSampledTargets(tmp_path, failing=("daphne",))
    sampler = LaneSampler(sampling_resources(FakeEngine(), targets))
    project = with_url(PROJECT, "gunicorn-gthread")
    report = await sample_lanes(sampler, plan(), project, lambda step: None)
    assert report["lanes"] == []
    assert report["missing"] == {
        "sync@gunicorn-gthread": (
            "gunicorn-gthread was not started by Liveburst, so its code cannot be looked at."
        ),
        "async@daphne": "daphne did not start; its log ends: ImportError: no module named shop.",
    }
    assert targets.started == ["async@daphne"]


async def test_set_up_commands_are_run_for_the_first_target_alone(tmp_path: Path) -> None:
    targets = FakeSampledTargets(tmp_path)
    sampler = LaneSampler(sampling_resources(FakeEngine(), targets))
    report = await sample_lanes(sampler, plan(), PROJECT, lambda step: None)
    assert [lane["lane"] for lane in report["lanes"]] == LANES
    assert targets.prepared == [False, True]


def test_a_websocket_cannot_be_sampled(tmp_path: Path) -> None:
    lanes = ["async-consumer@daphne"]
    of_websocket = make_plan(PROJECT, scenario="websocket", lanes=lanes)
    sampler = LaneSampler(sampling_resources(FakeEngine(), FakeSampledTargets(tmp_path)))
    assert "no requests to look at" in (sampler.refusal(of_websocket, 0, PROJECT) or "")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (TargetFailed("daphne ended"), "daphne ended."),
        (
            TargetFailed("daphne ended.", "ValueError: no"),
            "daphne ended; its log ends: ValueError: no.",
        ),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device."),
        (OSError(), "OSError."),
    ],
)
def test_a_failure_is_a_sentence(error: Exception, text: str) -> None:
    assert failure_text(error) == text
