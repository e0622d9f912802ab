"""Which lanes of a report are worth an X-ray: those whose difference is not explained yet."""

from __future__ import annotations

from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import ComparisonReport

# Queueing inside a request looks like waiting from outside, and neither a buffered answer nor open
# connections explain the total time.
EXPLAINS_LITTLE = {"waiting-in-app", "not-streaming", "connections-leak"}
DIFFERENT = ("differs", "first-look")


def unexplained_lanes(report: Report) -> list[int]:
    """Return the positions of such lanes, the slower of two first; none for a control."""
    verdict = report["verdict"]
    if verdict is None or verdict["control"]:
        return []
    positions: list[int] = []
    for position, comparison in enumerate(verdict["comparisons"], 1):
        if _unexplained(comparison, verdict["margin"]):
            slower = (comparison["ratio"] or 1) > 1
            positions += (position, 0) if slower else (0, position)
    return list(dict.fromkeys(positions))


def _unexplained(comparison: ComparisonReport, margin: float) -> bool:
    ratio = comparison["ratio"]
    if comparison["answer"] not in DIFFERENT or not ratio or max(ratio, 1 / ratio) <= 1 + margin:
        return False
    return all(cause["name"] in EXPLAINS_LITTLE for cause in comparison["causes"])
