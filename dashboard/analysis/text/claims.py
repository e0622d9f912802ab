"""A claim's verdict as text, with the number behind each of its findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dashboard.wire.experiments.claim_verdict import ClaimVerdict, Finding
from dashboard.wire.experiments.claims import ClaimKind

from .numbers import (
    faster_or_slower,
    milliseconds,
    more_or_less,
    seconds_of,
    signed_percents,
    significant,
    with_ends,
)

VERDICT: Mapping[ClaimKind, str] = {
    "holds": "True here",
    "holds-only-when": "True only for",
    "does-not-hold": "Not true here",
    "not-shown": "Undecided here",
}
# The words after the number of claims of each kind: singular and plural.
TALLY: Mapping[str, tuple[str, str]] = {
    "holds": ("is true", "are true"),
    "holds-only-when": ("is true only for some lanes", "are true only for some lanes"),
    "does-not-hold": ("is not true", "are not true"),
    "not-shown": ("is undecided", "are undecided"),
    "not-tried": ("not tried", "not tried"),
    "no-verdict": ("without a verdict", "without a verdict"),
}
# The sign beside a verdict or a finding, so that colour is never the only mark.
SIGNS: Mapping[str, str] = {
    "holds": "✓",
    "holds-only-when": "◐",
    "does-not-hold": "✕",
    "not-shown": "?",
}
FINDING_SIGNS: Mapping[bool | None, str] = {True: "✓", False: "✕", None: "?"}
BYSTANDER = "neighbour."
TIMES = ("makespan_s", "response_p95_ms", "latency_ms", "service_ms", "first_byte_ms")
# By the last part of a path, or by a group before it; other paths are shown as they are.
METRICS: Mapping[str, str] = {
    "makespan_s": "total time",
    "response_p95_ms": "p95 response time",
    "latency_ms": "response time",
    "service_ms": "service time",
    "first_byte_ms": "first byte",
    "longest_gap_ms": "longest gap between two pieces",
    "throughput_rps": "throughput",
    "ok": "successful requests",
    "requests": "requests",
    "errors": "errors",
    "peak_in_app": "peak requests in the application",
    "peak_in_view": "peak requests in the view",
    "peak_threads": "peak threads",
    "threads_started": "threads started",
    "peak_rss_mb": "peak memory",
    "cpu_ms_per_request": "CPU per request",
    "loop_held_ms_max": "longest time that the event loop was blocked",
    "loop_lag_ms_max": "largest lag of the event loop",
}


def verdict_text(verdict: ClaimVerdict) -> str:
    """Return "True here", or "True only for sync@gunicorn-sync"."""
    words = VERDICT[verdict.kind]
    if verdict.kind != "holds-only-when":
        return words
    return f"{words} {' or '.join(_where_it_holds(verdict))}"


def _where_it_holds(verdict: ClaimVerdict) -> list[str]:
    """Return the lanes for which everything holds, or else each lane and metric that holds."""
    held: dict[str, list[bool | None]] = {}
    for finding in verdict.findings:
        held.setdefault(place(finding), []).append(finding.holds)
    everything = [lane for lane, holds in held.items() if all(holds)]
    return everything or [
        f"{place(finding)} by {metric_label(finding.metric)}"
        for finding in verdict.findings
        if finding.holds
    ]


def place(finding: Finding) -> str:
    """Return what a finding is about: "async@daphne against sync@daphne"."""
    return f"{finding.lane} against {finding.against}" if finding.against else finding.lane


def metric_label(path: str) -> str:
    """Return the caption of a metric: "response time, p95" for `latency_ms.p95`."""
    if path.startswith(BYSTANDER):
        return f"bystander: {metric_label(path.removeprefix(BYSTANDER))}"
    *groups, name = path.split(".")
    if name in METRICS:
        return METRICS[name]
    words = [METRICS.get(group, group.replace("_", " ")) for group in groups]
    return ", ".join([*words, name.replace("_", " ")])


def value_text(finding: Finding) -> str:
    """Return the value: "5.0× faster (4.8–5.3)", "8", "1.31 s"; a dash if it is unknown."""
    if finding.value is None:
        return "–"
    if finding.against is None:
        return _quantity(finding.metric, finding.value)
    if _is_time(finding.metric):
        text, ends = with_ends(finding.value, finding.interval)
    else:
        text = more_or_less(finding.value)
        ends = signed_percents(*finding.interval) if finding.interval else ""
    return f"{text} ({ends})" if ends else text


def limit_text(finding: Finding) -> str:
    """Return the expectation: "below 2", "more than 2× faster", "less than 12 % longer"."""
    if finding.limit is None:
        return "–"
    if finding.against is None:
        return f"{'below' if finding.less else 'above'} {_quantity(finding.metric, finding.limit)}"
    time = _is_time(finding.metric)
    if finding.limit == 1:
        return ("less" if finding.less else "more") + (" time" if time else "")
    words = (faster_or_slower if time else more_or_less)(finding.limit)
    if finding.less == (finding.limit < 1):
        return f"more than {words}"
    return f"{'less than' if finding.less else 'at most'} {words}"


def _is_time(path: str) -> bool:
    """Return True if a metric is how long something took: less of it is faster."""
    return path.removeprefix(BYSTANDER).partition(".")[0] in TIMES


def finding_text(finding: Finding) -> str:
    """Return a finding in one line: its sign, lanes, metric, value and expectation."""
    return (
        f"{FINDING_SIGNS[finding.holds]} {place(finding)}: {metric_label(finding.metric)}"
        f" {value_text(finding)}, expected {limit_text(finding)}"
    )


def shared_why(verdict: ClaimVerdict) -> str:
    """Return the reason that all findings of an undecided claim share; empty if they differ."""
    first, *others = (finding.why for finding in verdict.findings)
    return first if others and all(other == first for other in others) else ""


def verdict_lines(verdict: ClaimVerdict) -> Iterator[str]:
    """Yield the verdict, then each finding with its value and the reason if it is undecided."""
    shared = shared_why(verdict)
    yield f"{SIGNS[verdict.kind]} {verdict_text(verdict)}"
    for finding in verdict.findings:
        why = f" ({finding.why})" if finding.why and not shared else ""
        yield f"  {finding_text(finding)}{why}"
    if shared:
        yield f"  {shared}"


def _quantity(path: str, value: float) -> str:
    """Return a value with the unit that its metric's name ends with."""
    if "_ms" in path:
        return milliseconds(value)
    if path.endswith("_s"):
        return seconds_of(value)
    unit = next((unit for end, unit in _UNITS.items() if path.endswith(end)), "")
    number = f"{value:,.0f}" if float(value).is_integer() else significant(value, 3)
    return f"{number}{unit}"


_UNITS = {"_mb": " MiB", "_rps": "/s", "_percent": " %"}
