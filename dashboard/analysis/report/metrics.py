"""The numbers of a lane's report by name: what an expectation may speak of.

The names are known before anything is fired, so that a wrong one is refused then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from statistics import median
from typing import Any

from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.failure import failure_names

# Parts of a lane that are no numbers, or none of what was measured.
NO_METRICS = ("target", "exceptions", "redirects", "worst_case", "loop_held_by")

ERRORS = "errors"
ERROR_NAMES = tuple(f"{ERRORS}.{name}" for name in failure_names() if name and name != "http")
# Names that have a status or a process in them.
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
    """Refuse a name that no report has, or that stands for several; raises InvalidPlan."""
    _known(path)


def find_metric(path: str, lane: Mapping[str, Any]) -> tuple[str, float | None]:
    """Return the whole path of a metric in a lane's report, and its number; raises InvalidPlan.

    None is what is not known in this run.
    """
    numbers = numbers_of(lane)
    found = _meant(path, numbers)
    if len(found) > 1:
        raise _refused(path, found)
    whole = found[0] if found else _known(path)
    if whole not in numbers and _STATUS.fullmatch(whole) and numbers.get(ERRORS) is not None:
        return whole, 0
    return whole, numbers.get(whole)


def _known(path: str) -> str:
    """Return the one whole path that is meant; raises InvalidPlan."""
    if any(pattern.fullmatch(path) for pattern in _OPEN):
        return path
    found = _meant(path, KNOWN)
    if not found and _STATUS.fullmatch(f"{ERRORS}.{path}"):
        return f"{ERRORS}.{path}"
    if len(found) != 1:
        raise _refused(path, found or [*KNOWN, *_OPEN_WORDS])
    return found[0]


def _meant(path: str, names: Iterable[str]) -> list[str]:
    """Return the name itself where it is one, for the neighbour has an `ok` too; else its ends."""
    whole = list(names)
    return [path] if path in whole else [name for name in whole if name.endswith("." + path)]


def _refused(path: str, candidates: Iterable[str]) -> InvalidPlan:
    expected = f"expected a metric, one of {', '.join(candidates)}, found {path!r}"
    return InvalidPlan(Problem("expect", expected))


def numbers_of(lane: Mapping[str, Any]) -> dict[str, float | None]:
    """Every number of a lane by its path; failures that did not happen are 0 of them.

    Where no request came to an end, nobody knows how many would have failed.
    """
    numbers = dict(_numbers(lane))
    failed = lane.get(ERRORS)
    if failed is None or not lane.get("requests"):
        return numbers
    return {**numbers, ERRORS: sum(failed.values()), **_with_zeros(failed)}


def _with_zeros(failed: Mapping[str, int]) -> dict[str, float | None]:
    happened = {f"{ERRORS}.{name}": count for name, count in failed.items()}
    return {**dict.fromkeys(ERROR_NAMES, 0), **happened}


def _numbers(value: Any, path: str = "") -> Iterator[tuple[str, float | None]]:
    """Every number in a lane's report, by its path."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in NO_METRICS:
                yield from _numbers(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        yield path, median(value) if value else None
    elif value is None or isinstance(value, int | float):
        yield path, value
