"""The order of a run, and what remains of one that ends early."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest

from dashboard.models import Status
from dashboard.runs.conduct.conductor import perform
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.resources import Resources
from dashboard.runs.sinks.sink import Memory, Outcome
from dashboard.wire import frame
from dashboard.wire.errors import TargetFailed
from dashboard.wire.frame import Frame
from dashboard.wire.plan.plan import Burst, Firing, Plan
from tests.runs.fakes import CPU_NS, WALL_NS, FakeEngine, FakeTargets, fake_resources, stolen_in

ROUNDS = 4


def plan(seed: int = 7, rounds: int = ROUNDS) -> Plan:
    project = FakeTargets().project
    return make_plan(project, scenario="sleep", requests=40, rounds=rounds, seed=seed)


async def conduct(resources: Resources, requested: Plan | None = None) -> tuple[Outcome, Memory]:
    recorded = Memory()
    return await perform(requested or plan(), resources, [recorded], asyncio.Event()), recorded


async def test_each_lane_is_warmed_up_once_and_fired_once_per_round() -> None:
    engine = FakeEngine()
    outcome, _ = await conduct(fake_resources(engine))
    assert outcome == Outcome(Status.FINISHED)
    warm, counted = engine.fired[:3], engine.fired[3:]
    assert [(firing.lane, firing.round, firing.load.requests) for firing in warm] == [
        (0, 0, 16), (1, 0, 16), (2, 0, 16)
    ]  # fmt: skip
    for number in range(1, ROUNDS + 1):
        turns = counted[3 * (number - 1) : 3 * number]
        assert {firing.round for firing in turns} == {number}
        assert sorted(firing.lane for firing in turns) == [0, 1, 2]


async def test_the_order_of_lanes_follows_from_the_seed_and_differs_between_rounds() -> None:
    async def order(seed: int) -> list[int]:
        engine = FakeEngine()
        await conduct(fake_resources(engine), plan(seed, rounds=10))
        return [firing.lane for firing in engine.fired[3:]]

    first = await order(1)
    assert first == await order(1)
    assert first != await order(2)
    assert len({tuple(first[at : at + 3]) for at in range(0, 30, 3)}) > 1


async def test_a_lane_fired_recently_is_not_warmed_up_again() -> None:
    engine = FakeEngine()
    resources = fake_resources(engine)
    await conduct(resources)
    engine.fired.clear()
    await conduct(resources)
    assert 0 not in {firing.round for firing in engine.fired}


async def test_lanes_of_a_round_get_the_same_arrivals_and_rounds_different_ones() -> None:
    engine = FakeEngine()
    await conduct(fake_resources(engine))
    seeds = [
        {firing.seed for firing in engine.fired if firing.round == n} for n in range(1, ROUNDS + 1)
    ]
    assert all(len(of_round) == 1 for of_round in seeds)
    assert len(set.union(*seeds)) == ROUNDS


async def test_a_rate_is_warmed_up_with_no_more_than_it_has() -> None:
    requested = make_plan(
        FakeTargets().project, scenario="sleep", rate_rps=5.0, duration_s=1.0, rounds=1, seed=1
    )
    engine = FakeEngine()
    await conduct(fake_resources(engine), requested)
    warm, counted = engine.fired[:3], engine.fired[3:]
    assert {firing.load for firing in warm} == {Burst(5, 5)}
    assert {firing.load for firing in counted} == {requested.load}


async def test_a_round_whose_time_was_stolen_is_repeated_under_a_new_number() -> None:
    engine = FakeEngine()
    outcome, recorded = await conduct(robbed(engine, 2))
    assert outcome.status == Status.FINISHED
    assert discarded_in(recorded) == [(2, "stolen")]
    fired = Counter(firing.round for firing in engine.fired if firing.round)
    assert fired == dict.fromkeys(range(1, ROUNDS + 2), 3)
    assert not [event for event in recorded.events if event["event"] == "warning"]


def robbed(engine: FakeEngine, *rounds: int) -> Resources:
    """Return resources on a machine whose host takes half of the CPU time in these rounds."""
    return replace(fake_resources(engine), cpu_times=stolen_in(engine, *rounds))


def discarded_in(recorded: Memory) -> list[tuple[int, str]]:
    events = (event for event in recorded.events if event["event"] == "discarded")
    return [(event["round"], event["reason"]) for event in events]


def late_in(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine, *rounds: int) -> None:
    """Make one firing in each of these rounds late by more than a tenth of its 100 ms."""
    tell = frame.encode_event

    def late(event: Mapping[str, object]) -> bytes:
        last = engine.fired[-1]
        if event["event"] == "fired" and last.lane == 1:
            lag_ns = 11_000_000 if last.round in rounds else 9_000_000
            return tell({**event, "loop_lag_p99_ns": lag_ns})
        return tell(event)

    monkeypatch.setattr("tests.runs.fakes.frame.encode_event", late)


@pytest.mark.parametrize("until_sure", [False, True])
async def test_a_round_in_which_the_engine_was_late_is_repeated_like_a_stolen_one(
    monkeypatch: pytest.MonkeyPatch, until_sure: bool
) -> None:
    engine = FakeEngine()
    late_in(monkeypatch, engine, 0, 1, 3)  # in a warm-up nothing is repeated
    requested = replace(plan(), until_sure=until_sure, rounds=10 if until_sure else ROUNDS)
    outcome, recorded = await conduct(fake_resources(engine), requested)
    assert outcome.status == Status.FINISHED
    assert discarded_in(recorded) == [(1, "late"), (3, "late")]
    # All lanes alike, so that it is sure at its first look, after five rounds that count.
    counted = 5 if until_sure else ROUNDS
    fired = Counter(firing.round for firing in engine.fired if firing.round)
    assert fired == dict.fromkeys(range(1, counted + 3), 3)


async def test_late_and_stolen_rounds_share_one_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine()
    late_in(monkeypatch, engine, *range(3, 3 * ROUNDS))
    _, recorded = await conduct(robbed(engine, 1, 2))
    assert discarded_in(recorded) == [(1, "stolen"), (2, "stolen"), (3, "late"), (4, "late")]
    assert max(firing.round for firing in engine.fired) == 2 * ROUNDS


async def test_rounds_are_repeated_at_most_as_often_as_there_are_rounds() -> None:
    engine = FakeEngine()
    _, recorded = await conduct(robbed(engine, *range(1, 3 * ROUNDS)))
    assert discarded_in(recorded) == [(number, "stolen") for number in range(1, ROUNDS + 1)]
    assert max(firing.round for firing in engine.fired) == 2 * ROUNDS
    warnings = [event["message"] for event in recorded.events if event["event"] == "warning"]
    assert len(warnings) == 3 * ROUNDS  # each firing that counts nevertheless
    assert f"round {ROUNDS + 1}: the host took 50.0 % of the CPU time away" in warnings[0]


async def test_each_firing_has_a_reading() -> None:
    engine = FakeEngine()
    _, recorded = await conduct(fake_resources(engine))
    readings = [event["reading"] for event in recorded.events if event["event"] == "fired"]
    assert len(readings) == 3 * (ROUNDS + 1)
    assert {(reading["cpu_ns"], reading["wall_ns"]) for reading in readings} == {(CPU_NS, WALL_NS)}
    assert [reading["round"] for reading in readings] == [firing.round for firing in engine.fired]


async def test_stored_frames_are_numbered_without_a_gap_and_begun_frames_are_not_stored() -> None:
    class Numbers(Memory):
        def __init__(self) -> None:
            super().__init__()
            self.numbers: list[tuple[int, str]] = []

        async def frame(self, sequence: int, frame: Frame) -> None:
            self.numbers.append((sequence, frame.kind))

    recorded = Numbers()
    await perform(plan(), fake_resources(FakeEngine()), [recorded], asyncio.Event())
    stored = [sequence for sequence, kind in recorded.numbers if kind != "begun"]
    assert stored == list(range(len(stored)))
    assert {sequence for sequence, kind in recorded.numbers if kind == "begun"} == {
        frame.NOT_STORED
    }
    assert Counter(kind for _, kind in recorded.numbers)["samples"] == 3 * (ROUNDS + 1)


async def test_every_sink_receives_everything_in_order() -> None:
    first, second = Memory(), Memory()
    await perform(plan(), fake_resources(FakeEngine()), [first, second], asyncio.Event())
    assert first.frames == second.frames
    assert first.events == second.events
    assert first.outcome == second.outcome == Outcome(Status.FINISHED)
    began = [event for event in first.events if event["event"] == "began"]
    fired = [event for event in first.events if event["event"] == "fired"]
    assert len(began) == len(fired) == 3 * (ROUNDS + 1)


async def test_stop_in_a_firing_keeps_its_samples() -> None:
    engine, recorded, stop = FakeEngine(hold=True), Memory(), asyncio.Event()
    running = asyncio.create_task(perform(plan(), fake_resources(engine), [recorded], stop))
    await engine.holding.wait()
    stop.set()
    assert (await running).status == Status.STOPPED
    assert len(engine.fired) == 1
    assert "samples" in {frame.decode(data).kind for data in recorded.frames}


async def test_stop_while_targets_start_ends_at_once() -> None:
    class Slow(FakeTargets):
        async def ready(self, *_: object) -> None:  # type: ignore[override]
            waiting.set()
            await asyncio.Event().wait()

    waiting, stop, engine = asyncio.Event(), asyncio.Event(), FakeEngine()
    running = asyncio.create_task(perform(plan(), fake_resources(engine, Slow()), [Memory()], stop))
    await waiting.wait()
    stop.set()
    assert (await running).status == Status.STOPPED
    assert engine.fired == []


async def test_a_target_that_does_not_start_fails_the_run_with_its_log() -> None:
    engine = FakeEngine()
    outcome, recorded = await conduct(fake_resources(engine, FakeTargets(failing=("daphne",))))
    assert outcome == Outcome(Status.FAILED, "daphne did not start", "its last line")
    assert recorded.outcome == outcome


async def test_an_engine_that_dies_fails_the_run() -> None:
    outcome, _ = await conduct(fake_resources(FakeEngine(dies=True)))
    assert outcome == Outcome(Status.FAILED, "The engine ended.")


DIED = TargetFailed("gunicorn-gthread ended with status 9", "its last line")


async def perform_and_kill(times: int, rounds: int) -> tuple[Outcome, Memory, FakeTargets]:
    """Perform a run of one lane whose target dies in each of its first `times` counted rounds."""
    targets, engine = FakeTargets(), FakeEngine()
    requested = make_plan(
        targets.project, scenario="sleep", lanes=["sync@gunicorn-gthread"], rounds=rounds
    )
    fire = engine.fire

    async def fire_and_die(firing: Firing) -> AsyncIterator[bytes]:
        async for payload in fire(firing):
            yield payload
        if 1 <= firing.round <= times:
            targets.made["gunicorn-gthread"].failure = DIED

    engine.fire = fire_and_die  # type: ignore[method-assign]
    outcome, recorded = await conduct(fake_resources(engine, targets), requested)
    return outcome, recorded, targets


async def test_a_target_that_dies_is_restarted_with_a_warning() -> None:
    outcome, recorded, targets = await perform_and_kill(1, rounds=3)
    assert outcome.status == Status.FINISHED
    assert targets.discarded == ["gunicorn-gthread"]
    (warning,) = [event for event in recorded.events if event["event"] == "warning"]
    assert warning["spoils"]
    assert "round 1: gunicorn-gthread ended with status 9, and was restarted" in warning["message"]
    (facts_event,) = [event for event in recorded.events if event["event"] == "found"]
    assert (facts_event["lane"], facts_event.get("facts")) == (0, {"fault": warning["message"]})
    rounds = [frame.decode(data).round for data in recorded.frames]
    assert {1, 2, 3} <= set(rounds)  # what was fired at it is kept


async def test_a_target_that_dies_repeatedly_fails_the_run_with_its_last_lines() -> None:
    outcome, recorded, _ = await perform_and_kill(9, rounds=9)
    assert outcome == Outcome(Status.FAILED, str(DIED), "its last line")
    assert "samples" in {frame.decode(data).kind for data in recorded.frames}


async def test_a_target_that_does_not_become_quiet_is_restarted() -> None:
    targets, engine, memory = FakeTargets(), FakeEngine(hold=True), Memory()
    running = asyncio.create_task(
        perform(plan(), fake_resources(engine, targets), [memory], asyncio.Event())
    )
    await engine.holding.wait()
    targets.made["gunicorn-gthread"].quiet = False
    engine.stop()
    assert (await running).status == Status.FINISHED
    assert targets.discarded == ["gunicorn-gthread"]
    warnings = [event for event in memory.events if event["event"] == "warning"]
    assert [warning["message"].partition(": ")[2] for warning in warnings] == [
        "the server kept working on requests that had timed out, and was restarted."
    ]
    assert not any(warning.get("spoils") for warning in warnings)


async def test_a_sink_that_fails_fails_the_run() -> None:
    class Full(Memory):
        async def frame(self, sequence: int, frame: Frame) -> None:
            raise OSError("no space left")

    outcome = await perform(plan(), fake_resources(FakeEngine()), [Full()], asyncio.Event())
    assert outcome.status == Status.FAILED
    assert "dashboard.log" in outcome.problem


async def test_cancellation_is_not_swallowed() -> None:
    engine = FakeEngine(hold=True)
    running = asyncio.create_task(
        perform(plan(), fake_resources(engine), [Memory()], asyncio.Event())
    )
    await engine.holding.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("login", [True, False])
async def test_only_variants_with_a_login_are_logged_in(login: bool) -> None:
    targets = FakeTargets()
    scenario = targets.project.scenarios["sleep"]
    requested = plan()
    variants = {
        name: replace(variant, login=login and name == "async")
        for name, variant in scenario.variants.items()
    }
    scenarios = {**targets.project.scenarios, "sleep": replace(scenario, variants=variants)}
    targets.project = replace(targets.project, scenarios=scenarios)
    await conduct(fake_resources(FakeEngine(), targets), requested)
    assert targets.asked_to_log_in == {"gunicorn-gthread": False, "daphne": login}
