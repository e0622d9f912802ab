"""Warnings about a websocket: how many messages answered nothing, and what was unanswered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dashboard.runs.conduct.run_context import RunContext
from dashboard.runs.conduct.warnings.warnings import Warnings
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.sinks.sink import Memory
from dashboard.wire.events import Conversation
from dashboard.wire.plan.exchange import Exchange
from tests.runs.fakes import FakeEngine, FakeTargets, fake_resources


def warnings_with(answer: str) -> tuple[Warnings, Memory]:
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
    context = RunContext.of(plan, fake_resources(FakeEngine(), targets), [memory])
    return Warnings(context), memory


def counts(
    ignored: int, without_answer: int, last: str = "", unopened: int = 0, awaited: str = ""
) -> Conversation:
    return {
        "ignored": ignored,
        "without_answer": without_answer,
        "unopened": unopened,
        "awaited": awaited,
        "last": last,
    }


async def test_ignored_messages_are_added_up_over_counted_rounds() -> None:
    warnings, memory = warnings_with("any")
    for number, ignored in enumerate((100, 3, 4)):
        await warnings.websocket(0, number, counts(ignored, 0))
    events: Any = memory.events
    facts = [event["facts"]["websocket"]["ignored"] for event in events]
    assert facts == [3, 7]


async def test_unanswered_messages_are_warned_of_once_per_lane() -> None:
    warnings, memory = warnings_with("json.id={n}")
    for number in (1, 2):
        await warnings.websocket(0, number, counts(5, 1, '{"error": "no"}'))
    (warning,) = [event["message"] for event in memory.events if event["event"] == "warning"]
    assert warning == (
        "async-consumer@daphne: 1 message went unanswered: expected an answer"
        ' (answer = "json.id={n}");'
        """ last received: '{"error": "no"}'."""
    )


async def test_a_warning_tells_an_opening_without_its_answer_from_a_message_without_one() -> None:
    warnings, memory = warnings_with("json.id={n}")
    refused = counts(0, 0, "closed with 4401 Unauthorized", 2, "json.type=ready")
    await warnings.websocket(0, 0, refused)
    (warning,) = [event["message"] for event in memory.events if event["event"] == "warning"]
    assert warning == (
        "async-consumer@daphne: 2 connections went unanswered: expected the answer to the opening"
        """ (open: answer = "json.type=ready"); last received: 'closed with 4401 Unauthorized'."""
    )


async def test_a_warning_names_an_expected_echo_and_silence() -> None:
    warnings, memory = warnings_with("")
    await warnings.websocket(0, 0, counts(0, 2))
    events: Any = memory.events
    assert [event["message"] for event in events] == [
        "async-consumer@daphne: 2 messages went unanswered: expected the same message back;"
        " last received: nothing."
    ]
