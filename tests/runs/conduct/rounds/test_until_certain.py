"""A run until certain ends at a look, and at no other time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from dashboard.models import Status
from dashboard.runs.conduct.conductor import perform
from dashboard.runs.conduct.rounds.rounds import ROUNDS_OF_A_START
from dashboard.runs.conduct.rounds.until_certain import UntilCertain
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.sinks.sink import Memory
from dashboard.wire import frame
from dashboard.wire.plan.plan import Firing, Plan
from tests.runs.fakes import FakeEngine, FakeTargets, fake_resources, samples

LANES = ["sync@gunicorn-gthread", "async@daphne"]


def until_sure(lanes: list[str] = LANES, **more: object) -> Plan:
    return make_plan(
        FakeTargets().project,
        scenario="sleep",
        lanes=lanes,
        requests=4,
        seed=1,
        until_sure=True,
        **more,  # type: ignore[arg-type]
    )


def of_round(lane: int, number: int, length_ms: int) -> frame.Frame:
    columns = samples(4, length_ms)
    data = frame.encode("samples", lane=lane, round=number, origin_ns=1, columns=columns)
    return frame.decode(data)


def looked_until(plan: Plan, lengths_ms: list[tuple[int, int]]) -> int | None:
    """Return after how many rounds of these total times it is certain; None if never."""
    looking = UntilCertain(plan)
    for number, lengths in enumerate(lengths_ms, 1):
        for lane, length_ms in enumerate(lengths):
            looking.take(of_round(lane, number, length_ms))
        if looking.certain_after_round():
            return number
    return None


def test_a_clear_difference_is_seen_at_the_first_look() -> None:
    assert looked_until(until_sure(), [(100 + n % 3, 300 - n % 2) for n in range(40)]) == 5


def test_an_unclear_difference_takes_several_looks() -> None:
    """About 6 % apart with as much noise: five rounds are too few, forty may be enough."""
    lengths = [(1000, 1060 + (-1) ** n * 60) for n in range(40)]
    rounds_needed = looked_until(until_sure(), lengths)
    assert rounds_needed in {20, 40}


def test_a_discarded_round_does_not_count() -> None:
    looking = UntilCertain(until_sure())
    for number in range(1, 6):
        for lane in range(2):
            looking.take(of_round(lane, number, 100 * (lane + 1) + number))
        if number == 3:
            looking.discard_round()
        else:
            assert not looking.certain_after_round()
    for lane in range(2):
        looking.take(of_round(lane, 6, 100 * (lane + 1)))
    assert looking.certain_after_round()


class Unequal(FakeEngine):
    """Its second lane takes three times as long as its first."""

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        async for payload in super().fire(firing):
            if not frame.is_event(payload) and frame.decode(payload).kind == "samples":
                yield of_round(firing.lane, firing.round, 100 if firing.lane == 0 else 300).data
            else:
                yield payload


async def test_the_run_ends_when_it_is_certain() -> None:
    memory = Memory()
    outcome = await perform(until_sure(), fake_resources(Unequal()), [memory], asyncio.Event())
    assert outcome.status == Status.FINISHED
    began = {event["round"] for event in memory.events if event["event"] == "began"}
    assert max(began) == 5


def test_nothing_to_compare_is_decided_at_the_first_look() -> None:
    """Lanes of which every round fails have no ratios, and no number of rounds gives them any."""
    looking = UntilCertain(until_sure())
    assert [looking.certain_after_round() for _ in range(5)] == [False] * 4 + [True]


async def test_a_run_that_is_out_of_time_ends_after_a_first_look() -> None:
    memory = Memory()
    plan = until_sure(limit_s=0.0)
    outcome = await perform(plan, fake_resources(Unequal()), [memory], asyncio.Event())
    assert outcome.status == Status.FINISHED
    assert max(event["round"] for event in memory.events if event["event"] == "began") == 3


async def test_targets_are_restarted_after_ten_rounds() -> None:
    targets, engine = FakeTargets(), FakeEngine()
    plan = make_plan(
        targets.project,
        scenario="sleep",
        lanes=LANES,
        requests=4,
        seed=1,
        rounds=ROUNDS_OF_A_START + 1,
    )
    await perform(plan, fake_resources(engine, targets), [Memory()], asyncio.Event())
    assert sorted(targets.discarded) == ["daphne", "gunicorn-gthread"]
    assert {firing.client for firing in engine.fired} == {"engine"}
