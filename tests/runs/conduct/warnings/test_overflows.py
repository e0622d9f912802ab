"""Full backlogs during a run: its own server's, and those of other programs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from dashboard.models import Status
from dashboard.runs.conduct.conductor import perform
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.sinks.sink import Memory
from dashboard.wire.events import WarningEvent
from dashboard.wire.plan.plan import Firing
from tests.listening import TURNED_AWAY, deaf, filled
from tests.runs.fakes import FakeEngine, FakeTarget, FakeTargets, fake_resources

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asked of Linux")

Address = tuple[str, int]


async def warnings_of(
    monkeypatch: pytest.MonkeyPatch, ours: Address, flooded: Address, *rounds: int
) -> list[WarningEvent]:
    """Return the warnings of a run at `ours` in whose `rounds` the address `flooded` is flooded."""
    monkeypatch.setattr(FakeTarget, "port", ours[1])
    targets, engine, memory = FakeTargets(), FakeEngine(), Memory()
    plan = make_plan(targets.project, scenario="sleep", lanes=["sync@daphne"], rounds=3)
    fire = engine.fire

    async def fire_and_flood(firing: Firing) -> AsyncIterator[bytes]:
        async for payload in fire(firing):
            yield payload
        if firing.round in rounds:
            with filled(flooded):
                pass

    engine.fire = fire_and_flood  # type: ignore[method-assign]
    outcome = await perform(plan, fake_resources(engine, targets), [memory], asyncio.Event())
    assert outcome.status == Status.FINISHED
    readings = [event["reading"] for event in memory.events if event["event"] == "fired"]
    assert len(readings) == 4
    own = flooded == ours
    assert [bool(reading["overflows"]) for reading in readings] == [
        own and n in rounds for n in range(4)
    ]
    return [event for event in memory.events if event["event"] == "warning"]


async def test_another_programs_overflow_does_not_affect_this_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with deaf() as ours, deaf() as theirs:
        assert await warnings_of(monkeypatch, ours, theirs, 0, 1, 2, 3) == []


async def test_an_overflow_of_the_target_is_a_warning_with_its_count_and_costs_the_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with deaf() as ours:
        (warning,) = await warnings_of(monkeypatch, ours, ours, 2)
    words, times, _ = warning["message"].rsplit(" ", 2)
    assert words == "sync@daphne, round 2: the server's backlog overflowed"
    assert int(times) >= TURNED_AWAY
    assert warning["spoils"]


async def test_in_a_warm_up_an_overflow_is_only_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with deaf() as ours:
        (warning,) = await warnings_of(monkeypatch, ours, ours, 0)
    assert "round 0: the server's backlog overflowed" in warning["message"]
    assert not warning["spoils"]
