"""Each cause in words, from its name and its evidence as they stand in the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dashboard.analysis.samples.loop_holds import AROUND, OTHER, VIEW
from dashboard.wire.plural import counted, plural

from .numbers import milliseconds, significant

Evidence = Mapping[str, Any]
WORTH_SAYING = 0.1  # of its cores, had by other processes
LEAST_UNCERTAINTY = 0.1  # of a quantity, to be worth saying


def cause_words(cause: Mapping[str, Any], comparison: Mapping[str, Any], baseline: str) -> str:
    """One sentence; empty for a cause that the comparison's own words say already."""
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
    return f"; {others} waited {milliseconds(waited_ms)} at the median."


def _threads_busy(lane: str, other: str, evidence: Evidence) -> str:
    processes, threads = evidence["processes"], evidence["threads"]
    limit = counted(threads, "thread")
    limit = limit if processes == 1 else f"{processes} × {limit}"
    return (
        f"{lane} never had more than {counted(processes * threads, 'request')} in the"
        f" application, which is its {limit}{_waited(evidence)}"
    )


def _one_at_a_time(lane: str, other: str, evidence: Evidence) -> str:
    processes = evidence["processes"]
    each = "" if processes == 1 else f" in each of its {processes} processes"
    return f"{lane} took one request at a time{each}{_waited(evidence)}"


def _loop_blocked(lane: str, other: str, evidence: Evidence) -> str:
    holder, held = evidence.get("holder"), milliseconds(evidence["loop_held_ms_max"])
    most = f"{lane} had up to {counted(evidence['peak_in_app'], 'request')} in the application"
    if holder is None:  # a run from before this was known
        one = f"{most} but never more than one in the view"
        return f"{one}, and something held the event loop for up to {held}."
    if holder == VIEW:
        one = f"{most} but never more than one in the view"
        return f"{one}, which held the event loop for up to {held}."
    each = milliseconds(evidence["held_ms_per_request"])
    return (
        f"{most}, and {_AROUND[holder]} held the event loop: for up to {held} at once,"
        f" {each} per request."
    )


_AROUND = {
    AROUND: "code around its view (middleware or framework)",
    OTHER: "code of none of them (a timer, a background task, the server)",
}


def _serialised(lane: str, other: str, evidence: Evidence) -> str:
    if "hops" not in evidence:
        calls = "one call" if evidence["queued"] == 1 else f"{evidence['queued']} calls"
        return (
            f"All sync work of {lane} had one thread in each process, and up to {calls} stood in"
            " line for it."
        )
    return (
        f"In {lane} {counted(evidence['hops'], 'hop')} of one request stood in line for one thread:"
        f" {milliseconds(evidence['worked_ms'])} one after the other, where the longest took"
        f" {milliseconds(evidence['longest_ms'])}."
    )


def _executor_full(lane: str, other: str, evidence: Evidence) -> str:
    threads = counted(evidence["limit"], "thread")
    return (
        f"The default executor of {lane} had all its {threads} busy, and up to"
        f" {counted(evidence['queued'], 'call')} stood in line for them."
    )


def _cpu_bound(lane: str, other: str, evidence: Evidence) -> str:
    used = 100 * evidence["cpu_share"]
    words = f"The CPU was the limit of {lane}: it used {used:.0f} % of what it could have"
    if (evidence["taken_by_others"] or 0) >= WORTH_SAYING:
        words += f" beside other processes, which had {100 * evidence['taken_by_others']:.0f} %"
    return f"{words}, {_cpu(other, evidence)}."


def _cpu(other: str, evidence: Evidence) -> str:
    words = f"{_cpu_ms(evidence, 'cpu_ms_per_request')} of CPU a request"
    if evidence["other_cpu_ms_per_request"] is None:
        return words
    return f"{words} where {other} used {_cpu_ms(evidence, 'other_cpu_ms_per_request')}"


def _cpu_ms(evidence: Evidence, name: str) -> str:
    """The CPU time, with its uncertainty where that is a tenth of it or more."""
    value, uncertainty = evidence[name], evidence.get(f"{name}_uncertainty")
    if not uncertainty or uncertainty < LEAST_UNCERTAINTY * value:
        return milliseconds(value)
    return f"{milliseconds(value)} (± {milliseconds(uncertainty)})"


def _thread_cost(lane: str, other: str, evidence: Evidence) -> str:
    paid = ", ".join(
        _counted(evidence[name], *words)
        for name, words in (
            ("threads_started_per_request", ("thread started", "threads started")),
            ("switches_per_request", ("context switch", "context switches")),
        )
        if evidence[name]
    )
    if evidence["cpu_ms_per_request"] is None:
        return f"{lane} paid for threads: {paid} a request."
    return f"{lane} paid for threads: {paid} and {_cpu(other, evidence)}."


def _counted(number: float, one: str, several: str) -> str:
    text = significant(number, 2)
    return f"{text} {plural(float(text), one, several)}"


def _waiting(lane: str, other: str, evidence: Evidence) -> str:
    words = (
        f"In {lane} the work itself waited: {milliseconds(evidence['view_ms_p50'])} at the median"
    )
    if evidence["other_view_ms_p50"] is not None:
        words += f" ({milliseconds(evidence['other_view_ms_p50'])} in {other})"
    words += f", with {milliseconds(evidence['cpu_ms_per_request'])} of CPU a request"
    return f"{words}, for {evidence['upstream']}." if evidence["upstream"] else f"{words}."


def _not_streaming(lane: str, other: str, evidence: Evidence) -> str:
    if "longest_gap_ms_p50" in evidence:
        return (
            f"{lane} held its answers back until they were whole: their pieces came together,"
            f" from {other} up to {milliseconds(evidence['other_longest_gap_ms_p50'])} apart."
        )
    return (
        f"{lane} held its answers back until they were whole: the first byte came after"
        f" {milliseconds(evidence['first_byte_ms_p50'])}, from {other} after"
        f" {milliseconds(evidence['other_first_byte_ms_p50'])}."
    )


# `errors`, `client-bound` and `no-difference` are what the answer itself says.
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
