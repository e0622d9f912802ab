"""A claim's verdict in words, and the number behind each of its findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dashboard.analysis.report.claims import ClaimVerdict, Finding, Kind

from .numbers import milliseconds, seconds_of, significant, times

VERDICT: Mapping[Kind, str] = {
    "holds": "Holds on this machine",
    "holds-only-when": "Holds only when it is",
    "does-not-hold": "Does not hold on this machine",
    "not-shown": "Not shown on this machine",
}
# How many there are of a kind: of one, and of several.
TALLY: Mapping[str, tuple[str, str]] = {
    "holds": ("holds", "hold"),
    "holds-only-when": ("holds only when …", "hold only when …"),
    "does-not-hold": ("does not hold", "do not hold"),
    "not-shown": ("not shown", "not shown"),
    "not-tried": ("not tried", "not tried"),
    "no-verdict": ("without a verdict", "without a verdict"),
}
# The sign beside a verdict or a finding: never colour alone.
SIGNS: Mapping[str, str] = {
    "holds": "✓",
    "holds-only-when": "◐",
    "does-not-hold": "✕",
    "not-shown": "?",
}
FINDING_SIGNS: Mapping[bool | None, str] = {True: "✓", False: "✕", None: "?"}
NEIGHBOUR = "neighbour."
# By the whole path, or by its last part; any other path is read as it is written.
METRICS: Mapping[str, str] = {
    "makespan_s": "makespan",
    "response_p95_ms": "p95 of the response time",
    "latency_ms": "response time",
    "service_ms": "service time",
    "first_byte_ms": "first byte",
    "longest_gap_ms": "longest wait between two pieces",
    "throughput_rps": "throughput",
    "ok": "answered without an error",
    "requests": "requests",
    "errors": "errors",
    "peak_in_app": "at most in the application at once",
    "peak_in_view": "at most in the view at once",
    "peak_threads": "most threads",
    "threads_started": "threads started",
    "peak_rss_mb": "peak memory",
    "cpu_ms_per_request": "CPU for each request",
    "loop_held_ms_max": "the loop was held, at the longest",
    "loop_lag_ms_max": "loop lag, at the longest",
}


def verdict_words(verdict: ClaimVerdict) -> str:
    """As in *Holds on this machine*, or *Holds only when it is sync@gunicorn-sync*."""
    words = VERDICT[verdict.kind]
    if verdict.kind != "holds-only-when":
        return words
    return f"{words} {' or '.join(_where_it_holds(verdict))}"


def _where_it_holds(verdict: ClaimVerdict) -> list[str]:
    """The lanes of which everything holds; where there is none, what of them does."""
    places = dict.fromkeys(place(one) for one in verdict.findings)
    whole = [at for at in places if all(one.holds for one in verdict.findings if place(one) == at)]
    parts = [
        f"{place(one)} by its {metric_words(one.metric)}" for one in verdict.findings if one.holds
    ]
    return whole or parts


def place(finding: Finding) -> str:
    """What a finding is about: *async@daphne next to sync@daphne*."""
    return f"{finding.lane} next to {finding.against}" if finding.against else finding.lane


def metric_words(path: str) -> str:
    """A metric as a person says it: `latency_ms.p95` is *response time, p95*."""
    if path.startswith(NEIGHBOUR):
        return f"the neighbour's {metric_words(path.removeprefix(NEIGHBOUR))}"
    *groups, name = path.split(".")
    if name in METRICS:
        return METRICS[name]
    words = [METRICS.get(group, group.replace("_", " ")) for group in groups]
    return ", ".join([*words, name.replace("_", " ")])


def value_words(finding: Finding) -> str:
    """The number: *0.2× (0.19 to 0.21)*, *8*, *1.3 s*; a dash where nobody knows it."""
    if finding.value is None:
        return "–"
    if finding.against is None:
        return _quantity(finding.metric, finding.value)
    words = f"{times(finding.value)}×"
    if finding.interval is None:
        return words
    low, high = (times(end) for end in finding.interval)
    return f"{words} ({low} to {high})"


def limit_words(finding: Finding) -> str:
    """What was expected: *below 2*, *above 0.5×*."""
    if finding.limit is None:
        return "–"
    sign = "below" if finding.less else "above"
    if finding.against is None:
        return f"{sign} {_quantity(finding.metric, finding.limit)}"
    return f"{sign} {times(finding.limit)}×"


def finding_words(finding: Finding) -> str:
    """A finding in one line: as expected or not, where, which number, what was expected of it."""
    return (
        f"{FINDING_SIGNS[finding.holds]} {place(finding)}: {metric_words(finding.metric)}"
        f" {value_words(finding)}, expected {limit_words(finding)}"
    )


def shared_why(verdict: ClaimVerdict) -> str:
    """Why nobody can say, where that is the same of all findings, to be said once; else empty."""
    first, *others = (one.why for one in verdict.findings)
    return first if others and all(other == first for other in others) else ""


def verdict_lines(verdict: ClaimVerdict) -> Iterator[str]:
    """The verdict, and the number behind each of its findings, with the reasons there are."""
    shared = shared_why(verdict)
    yield f"{SIGNS[verdict.kind]} {verdict_words(verdict)}"
    for one in verdict.findings:
        why = f" ({one.why})" if one.why and not shared else ""
        yield f"  {finding_words(one)}{why}"
    if shared:
        yield f"  {shared}"


def _quantity(path: str, value: float) -> str:
    """A value with the unit that its metric's name ends with."""
    if "_ms" in path:
        return milliseconds(value)
    if path.endswith("_s"):
        return seconds_of(value)
    unit = next((unit for end, unit in _UNITS.items() if path.endswith(end)), "")
    number = f"{value:,.0f}" if float(value).is_integer() else significant(value, 3)
    return f"{number}{unit}"


_UNITS = {"_mb": " MB", "_rps": "/s", "_percent": " %"}
