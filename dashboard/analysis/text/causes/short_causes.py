"""Causes as half a sentence, to follow "because": one fact, without a duration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dashboard.analysis.samples.loop_holds import AROUND, OTHER, VIEW
from dashboard.analysis.text.names import short_name
from dashboard.wire.plural import counted
from dashboard.wire.report.causes import CauseReport, OneAtATime, ThreadsBusy
from dashboard.wire.report.verdict import (
    ComparisonReport,
    SharedLimitName,
    SharedLimitReport,
)

MOST_OF_IT = 0.5  # of the difference, from which on a cause is its reason and not a part of it

_HOLDERS: Mapping[str | None, str] = {
    VIEW: "the view",
    AROUND: "code around the view",
    OTHER: "code outside of requests",
    None: "something",  # in a report from before the holder was known
}


def reason(comparisons: Sequence[ComparisonReport], baseline: str) -> str:
    """Return ", because gunicorn had only 8 threads"; empty if nothing explains the difference.

    Of several comparisons, it is the cause that explains most in each of them.
    """
    lanes = [*(comparison["lane"] for comparison in comparisons), baseline]
    first, *others = (_first(comparison["causes"]) for comparison in comparisons)
    if first is None or any(_place(first) != _place(other) for other in others):
        return ""
    shares = [cause["share"] for cause in (first, *others) if cause]
    partly = any(share is not None and share < MOST_OF_IT for share in shares)
    return f", {'partly ' if partly else ''}because {short_cause(first, lanes)}"


def _first(causes: Sequence[CauseReport]) -> CauseReport | None:
    """Return the cause that explains most; causes are ordered by that."""
    return next((cause for cause in causes if short_cause(cause, ())), None)


def _place(cause: CauseReport | None) -> tuple[str, str | None] | None:
    return None if cause is None else (cause["name"], cause["lane"])


def short_cause(cause: CauseReport, lanes: Sequence[str]) -> str:
    """Return a cause in half a sentence; empty for those that do not explain a difference."""
    lane = cause["lane"]
    if lane is None:
        return ""
    name = short_name(lane, [other for other in lanes if other != lane])
    match cause["name"]:
        case "threads-busy":
            return f"{name} had only {_threads(cause)}"
        case "one-at-a-time":
            return f"{name} handled one request at a time{_per_process(cause)}"
        case "loop-blocked":
            holder = _HOLDERS.get(cause["evidence"].get("holder"), _HOLDERS[None])
            return f"{holder} blocked the event loop of {name}"
        case "executor-full":
            return f"{name} had only {counted(cause['evidence']['limit'], 'executor thread')}"
        case plain:
            return _PLAIN[plain].format(name) if plain in _PLAIN else ""


_PLAIN: Mapping[str, str] = {
    "serialised-on-one-thread": "sync work of {} queued for one thread",
    "cpu-bound": "the CPU limited {}",
    "thread-cost": "{} spent CPU time on threads",
    "waiting-in-app": "the view of {} waited longer",
    "waiting-for-connection": "{} waited for database connections",
}


def _threads(cause: ThreadsBusy) -> str:
    return counted(cause["evidence"]["processes"] * cause["evidence"]["threads"], "thread")


def _per_process(cause: OneAtATime) -> str:
    return "" if cause["evidence"]["processes"] == 1 else " per process"


def shared_reason(limit: SharedLimitReport | None) -> str:
    """Return ", because the CPU limits both"; empty if no limit was found that lanes share."""
    if not limit:
        return ""
    every = "both" if len(limit["lanes"]) == 2 else f"all {len(limit['lanes'])}"
    words = _SHARED[limit["name"]](every, limit["concurrency"])
    return f", because {words}" if words else ""


_SHARED: Mapping[SharedLimitName, Callable[[str, int | None], str]] = {
    "cpu-bound": lambda every, _: f"the CPU limits {every}",
    "mostly-cpu": lambda every, _: f"{every} mostly use the CPU",
    "light-load": lambda _, concurrency: (
        "one request at a time was sent" if concurrency == 1 else "the load was light"
    ),
    "same-limit": lambda every, _: f"{every} have the same limit",
    "waiting": lambda every, _: f"{every} only wait",
    "unknown": lambda *_: "",
}
