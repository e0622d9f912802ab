"""The sentence of each cause, written from its name and evidence in the report."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.analysis.samples.loop_holds import AROUND, OTHER, VIEW
from dashboard.analysis.text.numbers import milliseconds, significant
from dashboard.wire.plural import counted, plural
from dashboard.wire.report.causes import CauseReport
from dashboard.wire.report.evidence import (
    CpuBoundEvidence,
    CpuEvidence,
    ExecutorFullEvidence,
    LoopBlockedEvidence,
    OneAtATimeEvidence,
    QueueEvidence,
    SerialisedEvidence,
    StreamingEvidence,
    ThreadCostEvidence,
    ThreadsBusyEvidence,
    WaitingEvidence,
)
from dashboard.wire.report.verdict import ComparisonReport

from .connections import connection_words
from .lines import with_line

CAPTIONS: Mapping[str, str] = {
    "threads-busy": "All threads busy",
    "one-at-a-time": "One request at a time",
    "loop-blocked": "Event loop blocked",
    "serialised-on-one-thread": "Queued for one thread",
    "executor-full": "Executor full",
    "cpu-bound": "CPU-bound",
    "thread-cost": "Cost of threads",
    "waiting-in-app": "Idle in the view",
    "waiting-for-connection": "Waiting for a connection",
    "connections-leak": "Connections left open",
    "not-streaming": "Buffered answer",
    "errors": "Failed requests",
    "client-bound": "Load generator at its limit",
    "no-difference": "No difference",
}
WORTH_SAYING = 0.1  # of its cores, used by other processes
LEAST_UNCERTAINTY = 0.1  # of a quantity; less is left out


def cause_text(cause: CauseReport, comparison: ComparisonReport, baseline: str) -> str:
    """Return one sentence; empty for a cause that is already part of the comparison's sentence."""
    if cause["lane"] is None:
        return ""
    other = comparison["lane"] if cause["lane"] == baseline else baseline
    sentence = (
        _queue_words(cause, cause["lane"])
        or connection_words(cause, cause["lane"], other)
        or _cost_words(cause, cause["lane"], other)
    )
    return with_line(sentence, cause)


def _queue_words(cause: CauseReport, lane: str) -> str:
    """Return the sentence of a cause where something queued; empty for other causes."""
    match cause["name"]:
        case "threads-busy":
            return _threads_busy(lane, cause["evidence"])
        case "one-at-a-time":
            return _one_at_a_time(lane, cause["evidence"])
        case "loop-blocked":
            return _loop_blocked(lane, cause["evidence"])
        case "serialised-on-one-thread":
            return _serialised(lane, cause["evidence"])
        case "executor-full":
            return _executor_full(lane, cause["evidence"])
        case _:
            return ""


def _cost_words(cause: CauseReport, lane: str, other: str) -> str:
    """Return the sentence of a cause that compares times; empty for those without a sentence.

    `errors`, `client-bound` and `no-difference` repeat the answer.
    """
    match cause["name"]:
        case "cpu-bound":
            return _cpu_bound(lane, other, cause["evidence"])
        case "thread-cost":
            return _thread_cost(lane, other, cause["evidence"])
        case "waiting-in-app":
            return _waiting(lane, other, cause["evidence"])
        case "not-streaming":
            return _not_streaming(lane, other, cause["evidence"])
        case _:
            return ""


def _waited(evidence: QueueEvidence) -> str:
    waiting, waited_ms = evidence["waiting"], evidence["waited_ms_p50"]
    if not waiting or waited_ms is None:
        return "."
    others = f"the other {waiting}" if waiting > 1 else "the other one"
    return f"; {others} waited {milliseconds(waited_ms)} (median)."


def _threads_busy(lane: str, evidence: ThreadsBusyEvidence) -> str:
    processes, threads = evidence["processes"], evidence["threads"]
    limit = counted(threads, "thread")
    limit = limit if processes == 1 else f"{processes} × {limit}"
    return (
        f"{lane} handled at most {counted(processes * threads, 'request')} at once: it has"
        f" {limit}{_waited(evidence)}"
    )


def _one_at_a_time(lane: str, evidence: OneAtATimeEvidence) -> str:
    processes = evidence["processes"]
    each = "" if processes == 1 else f" in each of its {processes} processes"
    return f"{lane} handled one request at a time{each}{_waited(evidence)}"


def _loop_blocked(lane: str, evidence: LoopBlockedEvidence) -> str:
    holder, held = evidence.get("holder"), milliseconds(evidence["loop_held_ms_max"])
    inside = evidence["peak_in_app"]
    requests = "several requests" if inside is None else f"up to {counted(inside, 'request')}"
    most = f"{lane} had {requests} in the application"
    each = _duration(evidence.get("held_ms_per_request"))
    if holder is None:  # a report from before the holder was known
        sentence = f"{most}, but never more than one in the view"
        return f"{sentence}, and something blocked the event loop for up to {held}."
    if holder == VIEW and (evidence["peak_in_view"] or 0) > 1:
        return (
            f"{most}, and its views blocked the event loop in turn: for up to {held} at once,"
            f" {each} per request."
        )
    if holder == VIEW:
        text = f"{most}, but never more than one in the view"
        return f"{text}, which blocked the event loop for up to {held}."
    return (
        f"{most}, and {_AROUND[holder]} blocked the event loop: for up to {held} at once,"
        f" {each} per request."
    )


_AROUND = {
    AROUND: "code around its view (middleware or framework)",
    OTHER: "code outside of requests (a timer, a background task, the server)",
}


def _serialised(lane: str, evidence: SerialisedEvidence) -> str:
    if "queued" in evidence:
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


def _executor_full(lane: str, evidence: ExecutorFullEvidence) -> str:
    threads = counted(evidence["limit"], "thread")
    busy = f"its only {threads}" if evidence["limit"] == 1 else f"all its {threads}"
    return (
        f"The default executor of {lane} had {busy} busy, with up to"
        f" {counted(evidence['queued'], 'call')} queued."
    )


def _cpu_bound(lane: str, other: str, evidence: CpuBoundEvidence) -> str:
    used, taken = 100 * evidence["cpu_share"], evidence["taken_by_others"] or 0
    words = f"The CPU was the limit of {lane}: it used {used:.0f} % of what it could have"
    if taken >= WORTH_SAYING:
        words += f" while other processes used {100 * taken:.0f} %"
    return f"{words}, {_cpu(other, evidence)}."


def _cpu(other: str, evidence: CpuEvidence) -> str:
    uncertainty = evidence.get("cpu_ms_per_request_uncertainty")
    words = f"{_cpu_ms(evidence['cpu_ms_per_request'], uncertainty)} of CPU per request"
    other_ms = evidence["other_cpu_ms_per_request"]
    if other_ms is None:
        return words
    uncertainty = evidence.get("other_cpu_ms_per_request_uncertainty")
    return f"{words}, and {other} used {_cpu_ms(other_ms, uncertainty)}"


def _cpu_ms(value: float | None, uncertainty: float | None) -> str:
    """Return the CPU time, with its uncertainty if that is a tenth of it or more."""
    if value is None or not uncertainty or uncertainty < LEAST_UNCERTAINTY * value:
        return _duration(value)
    return f"{milliseconds(value)} (± {milliseconds(uncertainty)})"


def _thread_cost(lane: str, other: str, evidence: ThreadCostEvidence) -> str:
    quantities = (
        (evidence["threads_started_per_request"], "thread started", "threads started"),
        (evidence["switches_per_request"], "context switch", "context switches"),
    )
    paid = ", ".join(_number_of(number, *words) for number, *words in quantities if number)
    if evidence["cpu_ms_per_request"] is None:
        return f"{lane} paid for threads: {paid} per request."
    return f"{lane} paid for threads: {paid} and {_cpu(other, evidence)}."


def _number_of(number: float, singular: str, several: str) -> str:
    text = significant(number, 2)
    return f"{text} {plural(float(text), singular, several)}"


def _waiting(lane: str, other: str, evidence: WaitingEvidence) -> str:
    """Return for how long a view waited; what for is not known."""
    view = _duration(evidence["view_ms_p50"])
    compared = ""
    if evidence["other_view_ms_p50"] is not None:
        compared = f"; {milliseconds(evidence['other_view_ms_p50'])} in {other}"
    cpu = f"with {_duration(evidence['cpu_ms_per_request'])} of CPU per request"
    return f"In {lane} the view was idle, waiting for {view} (median{compared}), {cpu}."


def _not_streaming(lane: str, other: str, evidence: StreamingEvidence) -> str:
    if "longest_gap_ms_p50" in evidence:
        gap = milliseconds(evidence["other_longest_gap_ms_p50"])
        return (
            f"{lane} buffered its answers: their pieces arrived together, those of {other} up to"
            f" {gap} apart (median)."
        )
    return (
        f"{lane} buffered its answers: the first byte arrived after"
        f" {_duration(evidence['first_byte_ms_p50'])}, that of {other} after"
        f" {_duration(evidence['other_first_byte_ms_p50'])} (medians)."
    )


def _duration(value_ms: float | None) -> str:
    return "an unknown time" if value_ms is None else milliseconds(value_ms)
