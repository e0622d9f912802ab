"""Advice where something blocked the event loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from dashboard.analysis.samples.loop_holds import AROUND, OTHER, VIEW
from dashboard.analysis.text.causes.lines import place_of
from dashboard.analysis.text.numbers import milliseconds
from dashboard.wire.report.advice import Advice, AdvicePrediction
from dashboard.wire.report.evidence import LoopBlockedEvidence
from dashboard.wire.report.where import LineEvidence

from .pieces import to_fire, to_read
from .predictions import THREAD_START_S, bystander_without_hold, total_time
from .replacement import replacement
from .situation import Subject, VariantChoice

NOT_CHANGED = "your code is never changed: fire the same lane again after the change"
UNSAFE_ON_A_THREAD = (
    "Code on another thread must be thread-safe. Queries belong into sync_to_async, which keeps a"
    " request's connection to its own thread."
)


def loop_blocked(subject: Subject, evidence: LoopBlockedEvidence) -> Iterator[Advice]:
    """Yield the same work without the blocking call, and the change of the line that blocks."""
    holder, line = evidence.get("holder"), line_of(evidence)
    if holder in {VIEW, None}:
        yield from _other_variants(subject)
        yield _change_of_view(subject, line)
    elif holder == AROUND:
        yield _change_around_view(subject, evidence, line)
    elif holder == OTHER and line is not None:
        text = f"Move what {place_of(line)} does off the event loop: it runs outside of requests."
        yield _change(subject, text, line, None)


def line_of(evidence: Mapping[str, object]) -> LineEvidence | None:
    """Return the most expensive line that a sampled firing found for a cause; None without one."""
    lines = cast(list[LineEvidence], evidence.get("lines") or [])
    return lines[0] if lines else None


def sync_twin(subject: Subject) -> VariantChoice | None:
    """Return the sync variant of the same work; None if there is none, or no telling which.

    `async-httpx` has the twin `sync-httpx`, `async-sequential` has `sequential`. Without such a
    name it is the scenario's only one.
    """
    candidates = {variant.name: variant for variant in subject.others("sync") if not variant.polls}
    name = subject.variant.name
    for twin in (name.replace("async", "sync"), name.removeprefix("async-")):
        if twin in candidates:
            return candidates[twin]
    return next(iter(candidates.values())) if len(candidates) == 1 else None


def _other_variants(subject: Subject) -> Iterator[Advice]:
    if twin := sync_twin(subject):
        text = f"Fire {twin.name}: the same work in a sync view, which runs in a thread of its own."
        lane = subject.at(subject.server, twin.name)
        yield from to_fire("loop-blocked", subject, text, lane, _freed(subject, THREAD_START_S))
    for variant in subject.others("async"):
        if variant.at_a_time is None:
            text = f"Fire {variant.name}: the same work in an async view that does not block."
            lane = subject.at(subject.server, variant.name)
            yield from to_fire("loop-blocked", subject, text, lane, _freed(subject))
            return


def _freed(subject: Subject, more_cpu_s: float = 0.0) -> AdvicePrediction | None:
    """Return a bound for the bystander; without one the total time of the burst."""
    bound = bystander_without_hold(subject, more_cpu_s)
    return bound or total_time(subject, subject.in_flight or 1)


def _change_of_view(subject: Subject, line: LineEvidence | None) -> Advice:
    prediction = bystander_without_hold(subject, THREAD_START_S)
    if line is not None:
        text = f"Call it without blocking the event loop, at {place_of(line)}."
        return _change(subject, text, line, prediction)
    text = (
        "Await an async library instead of the blocking call, or run it on a thread"
        " (asyncio.to_thread)."
    )
    return to_read(
        "loop-blocked",
        subject,
        text,
        NOT_CHANGED,
        prediction=prediction,
        unsafe=UNSAFE_ON_A_THREAD,
    )


def _change_around_view(
    subject: Subject, evidence: LoopBlockedEvidence, line: LineEvidence | None
) -> Advice:
    held_ms = evidence.get("held_ms_per_request")
    each = "" if held_ms is None else f": {milliseconds(held_ms)} per request"
    text = f"Keep blocking calls out of what surrounds the view (middleware, framework){each}."
    if line is not None:
        return _change(subject, text, line, None)
    return to_read("loop-blocked", subject, text, NOT_CHANGED)


def _change(
    subject: Subject, text: str, line: LineEvidence, prediction: AdvicePrediction | None
) -> Advice:
    diff = replacement(line, subject.situation.source_line(line["path"], line["line"]))
    on_a_thread = any("to_thread" in row for row in diff)
    return to_read(
        "loop-blocked",
        subject,
        text,
        NOT_CHANGED,
        prediction=prediction,
        diff=diff,
        unsafe=UNSAFE_ON_A_THREAD if on_a_thread else None,
    )
