"""Text for runs that were disturbed: what their ratios still show, and what they do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .numbers import compared_with, faster_or_slower, percent, ratio_range, with_verb

Verdict = Mapping[str, Any]
Comparison = Mapping[str, Any]

METRIC_SUFFIX = {"makespan_s": "", "response_p95_ms": " by p95 response time"}
LATENESS = "all lateness of the load generator"


def measured(verdict: Verdict) -> Iterator[str]:
    """Yield the measured ratio of each lane that is not compared, marked as unreliable."""
    for comparison in verdict["comparisons"]:
        if comparison["ratio"] is not None:
            yield f"Measured, but not reliable: {outcome(verdict, comparison)}."


def why_disturbed(verdict: Verdict) -> Iterator[str]:
    """Yield what disturbed the run; nothing if it was not disturbed."""
    if verdict.get("disturbed"):
        yield f"The run was disturbed. {verdict['disturbed']['reason'].rstrip('.')}."


def mark(verdict: Verdict | None, lane: str) -> str:
    """Return the mark of a lane's ratio: "not trusted", "disturbed", or empty."""
    comparisons = (verdict or {}).get("comparisons", ())
    comparison = next((candidate for candidate in comparisons if candidate["lane"] == lane), None)
    if verdict is None or comparison is None or comparison["ratio"] is None:
        return ""
    if comparison["answer"] == "not-trusted":
        return "not trusted"
    return "disturbed" if verdict.get("disturbed") else ""


def at_worst(verdict: Verdict, comparison: Comparison) -> str:
    """Return the range of a ratio with all lateness counted; empty in other runs."""
    worst = _worst(verdict, comparison)
    return f"{ratio_range(*worst)} with {LATENESS} counted" if worst else ""


def answered_at_worst(verdict: Verdict, comparison: Comparison) -> str:
    """Return the sentence of a comparison that its worst case decides, else an empty text."""
    worst, lane = _worst(verdict, comparison), comparison["lane"]
    match comparison["answer"]:
        case "differs" if worst:
            low, high = worst
            bound, ahead = (high, lane) if high < 1 else (low, verdict["baseline"])
            return (
                f"{outcome(verdict, comparison)}, and at least {faster_or_slower(bound)} even if"
                f" {LATENESS} is held against {ahead} ({percent(comparison['level'])})."
            )
        case "no-difference" if worst:
            return (
                f"{lane} and {verdict['baseline']}: no difference larger than"
                f" {percent(verdict['margin'])}, even with {LATENESS} counted"
                f" ({percent(comparison['level'])}: {ratio_range(*worst)})."
            )
        case "not-trusted":
            how_far = f": {ratio_range(*worst)}" if worst else ""
            return (
                f"No verdict: {outcome(verdict, comparison)} as measured, but the lateness of the"
                f" load generator may explain it{how_far}."
            )
    return ""


def _worst(verdict: Verdict, comparison: Comparison) -> list[float] | None:
    disturbed = verdict.get("disturbed")
    if not disturbed:
        return None
    worst: list[float] | None = disturbed["intervals"].get(comparison["lane"])
    return worst


def outcome(verdict: Verdict, comparison: Comparison) -> str:
    """Return "async@daphne was 3.4× faster than sync@daphne"."""
    words = with_verb(compared_with(comparison["ratio"] or 1, verdict["baseline"]))
    return f"{comparison['lane']} {words}{METRIC_SUFFIX[verdict['metric']]}"
