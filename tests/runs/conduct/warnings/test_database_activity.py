"""What PostgreSQL lists is compared with what the probes count, once after a run."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.runs.conduct.run_context import RunContext
from dashboard.runs.conduct.run_targets import RunTargets
from dashboard.runs.conduct.warnings.database_activity import (
    compare_with_database,
    difference_text,
)
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.sinks.sink import Memory
from tests.analysis.causes.test_connection_causes import facts
from tests.runs.fakes import FakeEngine, FakeTargets, fake_resources

LANES = ("async@uvicorn", "sync@gunicorn-gthread")


async def compared(targets: FakeTargets, vendor: str = "postgresql") -> list[Any]:
    """Return the events of a comparison, in which the first lane has 4 connections by its probe."""
    plan = make_plan(targets.project, scenario="orm-slow", lanes=LANES)
    memory = Memory()
    context = RunContext.of(plan, fake_resources(FakeEngine(), targets), [memory])
    run_targets = RunTargets(context)
    for position, lane in enumerate(plan.lanes):
        target: Any = await run_targets.of(position, lane)
        target.application_name = f"liveburst-{position}" if position == 0 else None
        target.established = 4
    connections = {position: [facts(20, vendor=vendor)] for position in range(len(LANES))}
    memory.events.clear()
    await compare_with_database(context, run_targets, connections)
    return list(memory.events)


async def test_both_numbers_are_facts_of_the_lane_that_can_be_recognised() -> None:
    targets = FakeTargets()
    targets.listed = {"liveburst-0": 4}
    (event,) = await compared(targets)
    assert (event["event"], event["lane"]) == ("found", 0)
    assert event["facts"] == {"activity": {"by_probe": 4, "by_database": 4}}
    assert all(target.firing is None for target in targets.made.values())


async def test_a_difference_is_a_warning_with_the_lane() -> None:
    targets = FakeTargets()
    targets.listed = {"liveburst-0": 6}
    _, warning = await compared(targets)
    assert warning["message"].startswith("async@uvicorn: PostgreSQL lists 6 connections of this")


async def test_what_is_unknown_or_no_postgresql_is_not_compared() -> None:
    assert await compared(FakeTargets()) == []
    targets = FakeTargets()
    targets.listed = {"liveburst-0": 6}
    assert await compared(targets, vendor="sqlite") == []


@pytest.mark.parametrize(
    ("by_probe", "by_database", "leaks", "word"),
    [
        (4, 4, False, ""),
        (4, 5, False, "without Django"),
        (4, 5, True, "without Django"),
        (9, 4, False, "PgBouncer"),
        (9, 4, True, ""),  # the garbage collector may have closed them
    ],
)
def test_a_difference_is_explained(by_probe: int, by_database: int, leaks: bool, word: str) -> None:
    counts: Any = {"by_probe": by_probe, "by_database": by_database}
    message = difference_text(counts, leaks=leaks)
    assert bool(message) == bool(word)
    assert word in message
