"""Text for runs that were disturbed: what their ratios still show, and what they do not."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.wire.report.verdict import ComparisonReport, VerdictReport

from .numbers import compared_with, faster_or_slower, percent, ratio_range, with_verb

METRIC_SUFFIX = {"makespan_s": "", "response_p95_ms": " by p95 response time"}
LATENESS = "all lateness of the load generator"


def measured(verdict: VerdictReport) -> Iterator[str]:
    """Yield the measured ratio of each lane that is not compared, marked as unreliable."""
    for comparison in verdict["comparisons"]:
        if comparison["ratio"] is not None:
            yield f"Measured, but not reliable: {outcome(verdict, comparison)}."


def why_disturbed(verdict: VerdictReport) -> Iterator[str]:
    """Yield what disturbed the run; nothing if it was not disturbed."""
    if disturbed := verdict.get("disturbed"):
        yield f"The run was disturbed. {disturbed['reason'].rstrip('.')}."


def mark(verdict: VerdictReport | None, lane: str) -> str:
    """Return the mark of a lane's ratio: "not trusted", "disturbed", or empty."""
    comparisons = verdict["comparisons"] if verdict else []
    comparison = next((each for each in comparisons if each["lane"] == lane), None)
    if verdict is None or comparison is None or comparison["ratio"] is None:
        return ""
    if comparison["answer"] == "not-trusted":
        return "not trusted"
    return "disturbed" if verdict.get("disturbed") else ""


def at_worst(verdict: VerdictReport, comparison: ComparisonReport) -> str:
    """Return the range of a ratio with all lateness counted; empty in other runs."""
    worst = _worst(verdict, comparison)
    return f"{ratio_range(*worst)} with {LATENESS} counted" if worst else ""


def answered_at_worst(verdict: VerdictReport, comparison: ComparisonReport) -> str:
    """Return the sentence of a comparison that its worst case decides, else an empty text."""
    worst, lane = _worst(verdict, comparison), comparison["lane"]
    match comparison["answer"]:
        case "differs" if worst:
            low, high = worst
            bound, ahead = (high, lane) if high < 1 else (low, verdict["baseline"])
            return (
                f"{outcome(verdict, comparison)}, and at least {faster_or_slower(bound)} even if"
                f" {LATENESS} is held against {ahead} ({level_text(comparison)})."
            )
        case "no-difference" if worst:
            return (
                f"{lane} and {verdict['baseline']}: no difference larger than"
                f" {percent(verdict['margin'])}, even with {LATENESS} counted"
                f" ({level_text(comparison)}: {ratio_range(*worst)})."
            )
        case "not-trusted":
            how_far = f": {ratio_range(*worst)}" if worst else ""
            return (
                f"No verdict: {outcome(verdict, comparison)} as measured, but the lateness of the"
                f" load generator may explain it{how_far}."
            )
    return ""


def _worst(verdict: VerdictReport, comparison: ComparisonReport) -> list[float] | None:
    disturbed = verdict.get("disturbed")
    if not disturbed:
        return None
    return disturbed["intervals"].get(comparison["lane"])


def level_text(comparison: ComparisonReport) -> str:
    """Return the confidence level of a comparison's interval, such as *95 %*."""
    level = comparison["level"]
    return "unknown level" if level is None else percent(level)


def outcome(verdict: VerdictReport, comparison: ComparisonReport) -> str:
    """Return "async@daphne was 3.4× faster than sync@daphne"."""
    words = with_verb(compared_with(comparison["ratio"] or 1, verdict["baseline"]))
    return f"{comparison['lane']} {words}{METRIC_SUFFIX[verdict['metric']]}"
