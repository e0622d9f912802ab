"""The sentence of each cause, written from its name and evidence in the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dashboard.analysis.samples.loop_holds import AROUND, OTHER, VIEW
from dashboard.wire.plural import counted, plural

from .numbers import milliseconds, significant

Evidence = Mapping[str, Any]
CAPTIONS: Mapping[str, str] = {
    "threads-busy": "All threads busy",
    "one-at-a-time": "One request at a time",
    "loop-blocked": "Event loop blocked",
    "serialised-on-one-thread": "Queued for one thread",
    "executor-full": "Executor full",
    "cpu-bound": "CPU-bound",
    "thread-cost": "Cost of threads",
    "waiting-in-app": "Idle in the view",
    "not-streaming": "Buffered answer",
    "errors": "Failed requests",
    "client-bound": "Load generator at its limit",
    "no-difference": "No difference",
}
WORTH_SAYING = 0.1  # of its cores, used by other processes
LEAST_UNCERTAINTY = 0.1  # of a quantity; less is left out


def cause_text(cause: Mapping[str, Any], comparison: Mapping[str, Any], baseline: str) -> str:
    """Return one sentence; empty for a cause that is already part of the comparison's sentence."""
    write = _WORDS.get(cause["name"])
    if write is None or cause["lane"] is None:
        return ""
    other = comparison["lane"] if cause["lane"] == baseline else baseline
    return write(cause["lane"], other, cause["evidence"])


def _waited(evidence: Evidence) -> str:
    waiting, waited_ms = evidence["waiting"], evidence["waited_ms_p50"]
    if not waiting or waited_ms is None:
        return "."
    others = f"the other {waiting}" if waiting > 1 else "the other one"
    return f"; {others} waited {milliseconds(waited_ms)} (median)."


def _threads_busy(lane: str, other: str, evidence: Evidence) -> str:
    processes, threads = evidence["processes"], evidence["threads"]
    limit = counted(threads, "thread")
    limit = limit if processes == 1 else f"{processes} × {limit}"
    return (
        f"{lane} handled at most {counted(processes * threads, 'request')} at once: it has"
        f" {limit}{_waited(evidence)}"
    )


def _one_at_a_time(lane: str, other: str, evidence: Evidence) -> str:
    processes = evidence["processes"]
    each = "" if processes == 1 else f" in each of its {processes} processes"
    return f"{lane} handled one request at a time{each}{_waited(evidence)}"


def _loop_blocked(lane: str, other: str, evidence: Evidence) -> str:
    holder, held = evidence.get("holder"), milliseconds(evidence["loop_held_ms_max"])
    most = f"{lane} had up to {counted(evidence['peak_in_app'], 'request')} in the application"
    if holder is None:  # a report from before the holder was known
        sentence = f"{most}, but never more than one in the view"
        return f"{sentence}, and something blocked the event loop for up to {held}."
    if holder == VIEW and (evidence["peak_in_view"] or 0) > 1:
        each = milliseconds(evidence["held_ms_per_request"])
        return (
            f"{most}, and its views blocked the event loop in turn: for up to {held} at once,"
            f" {each} per request."
        )
    if holder == VIEW:
        sentence = f"{most}, but never more than one in the view"
        return f"{sentence}, which blocked the event loop for up to {held}."
    each = milliseconds(evidence["held_ms_per_request"])
    return (
        f"{most}, and {_AROUND[holder]} blocked the event loop: for up to {held} at once,"
        f" {each} per request."
    )


_AROUND = {
    AROUND: "code around its view (middleware or framework)",
    OTHER: "code outside of requests (a timer, a background task, the server)",
}


def _serialised(lane: str, other: str, evidence: Evidence) -> str:
    if "hops" not in evidence:
        calls = "call was" if evidence["queued"] == 1 else "calls were"
        return (
            f"All sync work of {lane} shared one thread in each process, and up to"
            f" {evidence['queued']} {calls} queued for it."
        )
    return (
        f"In {lane} {counted(evidence['hops'], 'thread hop')} of one request queued for one"
        f" thread: {milliseconds(evidence['worked_ms'])} one after the other, of which the longest"
        f" took {milliseconds(evidence['longest_ms'])}."
    )


def _executor_full(lane: str, other: str, evidence: Evidence) -> str:
    threads = counted(evidence["limit"], "thread")
    busy = f"its only {threads}" if evidence["limit"] == 1 else f"all its {threads}"
    return (
        f"The default executor of {lane} had {busy} busy, with up to"
        f" {counted(evidence['queued'], 'call')} queued."
    )


def _cpu_bound(lane: str, other: str, evidence: Evidence) -> str:
    used = 100 * evidence["cpu_share"]
    words = f"The CPU was the limit of {lane}: it used {used:.0f} % of what it could have"
    if (evidence["taken_by_others"] or 0) >= WORTH_SAYING:
        words += f" while other processes used {100 * evidence['taken_by_others']:.0f} %"
    return f"{words}, {_cpu(other, evidence)}."


def _cpu(other: str, evidence: Evidence) -> str:
    words = f"{_cpu_ms(evidence, 'cpu_ms_per_request')} of CPU per request"
    if evidence["other_cpu_ms_per_request"] is None:
        return words
    return f"{words}, and {other} used {_cpu_ms(evidence, 'other_cpu_ms_per_request')}"


def _cpu_ms(evidence: Evidence, name: str) -> str:
    """Return the CPU time, with its uncertainty if that is a tenth of it or more."""
    value, uncertainty = evidence[name], evidence.get(f"{name}_uncertainty")
    if not uncertainty or uncertainty < LEAST_UNCERTAINTY * value:
        return milliseconds(value)
    return f"{milliseconds(value)} (± {milliseconds(uncertainty)})"


def _thread_cost(lane: str, other: str, evidence: Evidence) -> str:
    paid = ", ".join(
        _number_of(evidence[name], *words)
        for name, words in (
            ("threads_started_per_request", ("thread started", "threads started")),
            ("switches_per_request", ("context switch", "context switches")),
        )
        if evidence[name]
    )
    if evidence["cpu_ms_per_request"] is None:
        return f"{lane} paid for threads: {paid} per request."
    return f"{lane} paid for threads: {paid} and {_cpu(other, evidence)}."


def _number_of(number: float, singular: str, several: str) -> str:
    text = significant(number, 2)
    return f"{text} {plural(float(text), singular, several)}"


def _waiting(lane: str, other: str, evidence: Evidence) -> str:
    """Return what a view waited for: its upstream if that reported, else only for how long."""
    view, upstream = milliseconds(evidence["view_ms_p50"]), evidence["upstream"]
    waited = f"{view} for {upstream}" if upstream else f"for {view}"
    compared = ""
    if evidence["other_view_ms_p50"] is not None:
        compared = f"; {milliseconds(evidence['other_view_ms_p50'])} in {other}"
    cpu = f"with {milliseconds(evidence['cpu_ms_per_request'])} of CPU per request"
    return f"In {lane} the view was idle, waiting {waited} (median{compared}), {cpu}."


def _not_streaming(lane: str, other: str, evidence: Evidence) -> str:
    if "longest_gap_ms_p50" in evidence:
        gap = milliseconds(evidence["other_longest_gap_ms_p50"])
        return (
            f"{lane} buffered its answers: their pieces arrived together, those of {other} up to"
            f" {gap} apart (median)."
        )
    return (
        f"{lane} buffered its answers: the first byte arrived after"
        f" {milliseconds(evidence['first_byte_ms_p50'])}, that of {other} after"
        f" {milliseconds(evidence['other_first_byte_ms_p50'])} (medians)."
    )


# Without a sentence: `errors`, `client-bound` and `no-difference` repeat the answer.
_WORDS: Mapping[str, Callable[[str, str, Evidence], str]] = {
    "threads-busy": _threads_busy,
    "one-at-a-time": _one_at_a_time,
    "loop-blocked": _loop_blocked,
    "serialised-on-one-thread": _serialised,
    "executor-full": _executor_full,
    "cpu-bound": _cpu_bound,
    "thread-cost": _thread_cost,
    "waiting-in-app": _waiting,
    "not-streaming": _not_streaming,
}
