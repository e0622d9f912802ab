"""What is said of a websocket's conversation: how much was ignored, and why answers lacked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dashboard.runs.conduct.warnings import Warnings
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.sinks.fanout import Fanout
from dashboard.runs.sinks.sink import Memory
from dashboard.wire.exchange import Exchange
from tests.runs.fakes import FakeEngine, FakeTargets, fake_resources


def remarks_with(answer: str) -> tuple[Warnings, Memory]:
    targets = FakeTargets()
    scenario = targets.project.scenarios["websocket"]
    variants = {
        name: replace(variant, exchange=Exchange(answer=answer))
        for name, variant in scenario.variants.items()
    }
    scenarios = {**targets.project.scenarios, "websocket": replace(scenario, variants=variants)}
    targets.project = replace(targets.project, scenarios=scenarios)
    plan = make_plan(targets.project, scenario="websocket", lanes=["async-consumer@daphne"])
    memory = Memory()
    return Warnings(plan, fake_resources(FakeEngine(), targets), Fanout([memory])), memory


def said(ignored: int, without_answer: int, last: str = "") -> dict[str, Any]:
    return {"ignored": ignored, "without_answer": without_answer, "last": last}


async def test_ignored_messages_are_added_up_over_counted_rounds() -> None:
    warnings, memory = remarks_with("any")
    for number, ignored in enumerate((100, 3, 4)):
        await warnings.conversation(0, number, said(ignored, 0))
    facts = [event["facts"]["websocket"]["ignored"] for event in memory.events]
    assert facts == [3, 7]


async def test_answers_that_lack_are_a_warning_once_a_lane() -> None:
    warnings, memory = remarks_with("json.id={n}")
    for number in (1, 2):
        await warnings.conversation(0, number, said(5, 1, '{"error": "no"}'))
    (warning,) = [event["message"] for event in memory.events if event["event"] == "warning"]
    assert warning == (
        'async-consumer@daphne: 1 message waited for an answer (answer = "json.id={n}") in vain;'
        """ the last thing received was '{"error": "no"}'."""
    )


async def test_silence_and_an_echo_are_said_as_what_they_are() -> None:
    warnings, memory = remarks_with("")
    await warnings.conversation(0, 0, said(0, 2))
    assert [event["message"] for event in memory.events] == [
        "async-consumer@daphne: 2 messages waited for the same message back in vain;"
        " the last thing received was nothing."
    ]
