"""Text for runs that were disturbed: what their ratios still show, and what they do not."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.analysis.text.numbers import compared_with, percent, with_verb
from dashboard.wire.report.verdict import ComparisonReport, VerdictReport

METRIC_SUFFIX = {"makespan_s": "", "response_p95_ms": " by p95 response time"}
WORST_CASE = (
    "Worst case: all lateness of the load generator is held against the lane that is ahead."
)


def is_spoiled(verdict: VerdictReport, comparison: ComparisonReport) -> bool:
    """Return True if there is no verdict on this comparison, whatever its numbers are."""
    return bool(verdict.get("spoiled")) and comparison["answer"] == "not-trusted"


def all_spoiled(verdict: VerdictReport) -> bool:
    """Return True if there is no verdict on any comparison."""
    return all(is_spoiled(verdict, each) for each in verdict.get("comparisons", ()))


def why_spoiled(verdict: VerdictReport) -> Iterator[str]:
    """Yield which lanes have no verdict, and why, in a run in which others have one."""
    lanes = [each["lane"] for each in verdict["comparisons"] if is_spoiled(verdict, each)]
    if lanes:
        yield f"No verdict on {' and '.join(lanes)}. {(verdict['spoiled'] or '').rstrip('.')}."


def measured(verdict: VerdictReport) -> Iterator[str]:
    """Yield the measured ratio of each lane without a verdict, marked as unreliable."""
    for comparison in verdict["comparisons"]:
        if comparison["ratio"] is not None and is_spoiled(verdict, comparison):
            yield f"Measured, but not reliable: {outcome(verdict, comparison)}."


def why_disturbed(verdict: VerdictReport) -> Iterator[str]:
    """Yield what disturbed the run, and how it is judged; nothing if it was not disturbed."""
    if disturbed := verdict.get("disturbed"):
        yield f"The run was disturbed. {disturbed['reason'].rstrip('.')}."
        if any(disturbed["intervals"].values()):
            yield WORST_CASE


def mark(verdict: VerdictReport | None, lane: str) -> str:
    """Return the mark of a lane's ratio: "not trusted", "disturbed", "undecided", or empty."""
    comparisons = verdict["comparisons"] if verdict else []
    comparison = next((each for each in comparisons if each["lane"] == lane), None)
    if verdict is None or comparison is None or comparison["ratio"] is None:
        return ""
    if comparison["answer"] == "not-trusted":
        return "not trusted"
    if verdict.get("disturbed"):
        return "disturbed"
    return "undecided" if comparison["answer"] == "undecided" else ""


def level_text(comparison: ComparisonReport) -> str:
    """Return the confidence level of a comparison's interval, such as *95 %*."""
    level = comparison["level"]
    return "unknown level" if level is None else percent(level)


def outcome(verdict: VerdictReport, comparison: ComparisonReport) -> str:
    """Return "async@daphne was 3.4× faster than sync@daphne"."""
    words = with_verb(compared_with(comparison["ratio"] or 1, verdict["baseline"]))
    return f"{comparison['lane']} {words}{METRIC_SUFFIX[verdict['metric']]}"
