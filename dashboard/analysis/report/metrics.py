"""The numbers of a lane's report by name, as expectations use them.

The names are known before anything is fired, so that a wrong one is refused by then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from statistics import median

from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.failure import failure_names
from dashboard.wire.report.lanes import LaneReport

# Parts of a lane that are not numbers, or were not measured.
NO_METRICS = ("target", "exceptions", "redirects", "worst_case", "loop_held_by")

ERRORS = "errors"
ERROR_NAMES = tuple(f"{ERRORS}.{name}" for name in failure_names() if name and name != "http")
# Names that contain a status or a process id.
_STATUS = re.compile(rf"{ERRORS}\.http-[1-9]\d\d")
_OPEN = (_STATUS, re.compile(r"skipped\.\d{3}"), re.compile(r"requests_by_process\.\d+"))
_OPEN_WORDS = (f"{ERRORS}.http-STATUS", "skipped.STATUS", "requests_by_process.PID")


def _in(group: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{group}.{name}" for name in names)


_SEGMENTS = ("client_delay", "server", "framework", "view", "delivery")
KNOWN = (
    *("requests", "ok", ERRORS, *ERROR_NAMES, "cut_off"),
    *_in("views", "called", "not_called", "unknown", "unknown_redirects"),
    *_in("partial", "rounds", "done", "failed", "cut_off"),
    *("makespan_s", "response_p95_ms", "throughput_rps"),
    *_in("latency_ms", "min", "mean", "p50", "p90", "p95", "p99", "max"),
    *_in("service_ms", "p50", "p95", "p99"),
    *_in("first_byte_ms", "p50", "p95", "p99"),
    *_in("longest_gap_ms", "p50", "p95", "p99", "max"),
    *(name for segment in _SEGMENTS for name in _in(f"segments_ms.{segment}", "p50", "p95")),
    *_in("server_side", "peak_in_app", "peak_in_view", "peak_threads", "threads_started"),
    *_in("server_side", "peak_rss_mb", "cpu_ms_per_request", "cpu_ms_per_request_uncertainty"),
    *_in("server_side", "loop_lag_ms_p99", "loop_lag_ms_max", "loop_held_ms_max"),
    *_in("rate", "offered_rps", "achieved_rps", "keeps_up"),
    *_in("theory", "wait_s", "promised_k", "promised_s", "seen_k", "seen_s"),
    *_in("neighbour", "requests", "ok", "errors", "unanswered"),
    *_in("neighbour.latency_ms", "p50", "p95", "p99", "max"),
    *_in("neighbour.cost", "cpu_ms", "cpu_ms_uncertainty", "switches", "switches_uncertainty"),
    *_in("neighbour.cost", "threads"),
)


def check_metric(path: str) -> None:
    """Raise InvalidPlan for a name that no report has, or that is ambiguous."""
    _known(path)


def find_metric(path: str, lane: LaneReport) -> tuple[str, float | None]:
    """Return the whole path of a metric in a lane's report, and its number.

    The number is None if it is unknown in this run. Raise InvalidPlan for an unknown name.
    """
    numbers = numbers_of(lane)
    matches = _matching(path, numbers)
    if len(matches) > 1:
        raise _refused(path, matches)
    whole = matches[0] if matches else _known(path)
    if whole not in numbers and _STATUS.fullmatch(whole) and numbers.get(ERRORS) is not None:
        return whole, 0
    return whole, numbers.get(whole)


def _known(path: str) -> str:
    """Return the only whole path that matches; raise InvalidPlan."""
    if any(pattern.fullmatch(path) for pattern in _OPEN):
        return path
    matches = _matching(path, KNOWN)
    if not matches and _STATUS.fullmatch(f"{ERRORS}.{path}"):
        return f"{ERRORS}.{path}"
    if len(matches) != 1:
        raise _refused(path, matches or [*KNOWN, *_OPEN_WORDS])
    return matches[0]


def _matching(path: str, names: Iterable[str]) -> list[str]:
    """Return the name itself if it is a whole path (`ok`), else all paths that end with it."""
    whole = list(names)
    return [path] if path in whole else [name for name in whole if name.endswith("." + path)]


def _refused(path: str, candidates: Iterable[str]) -> InvalidPlan:
    expected = f"expected a metric, one of {', '.join(candidates)}, found {path!r}"
    return InvalidPlan(Problem("expect", expected))


def numbers_of(lane: LaneReport) -> dict[str, float | None]:
    """Return every number of a lane by its path; failures that did not happen are 0.

    If no request came to an end, the number of failures is unknown.
    """
    numbers = dict(_numbers(lane))
    failed = lane.get("errors")
    if failed is None or not lane.get("requests"):
        return numbers
    return {**numbers, ERRORS: sum(failed.values()), **_with_zeros(failed)}


def _with_zeros(failed: Mapping[str, int]) -> dict[str, float | None]:
    happened = {f"{ERRORS}.{name}": count for name, count in failed.items()}
    return {**dict.fromkeys(ERROR_NAMES, 0), **happened}


def _numbers(value: object, path: str = "") -> Iterator[tuple[str, float | None]]:
    """Yield every number in a lane's report with its path."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in NO_METRICS:
                yield from _numbers(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        yield path, median(value) if value else None
    elif value is None or isinstance(value, int | float):
        yield path, value
