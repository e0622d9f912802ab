"""Which lanes of a report are worth a look inside: those whose difference nothing explains yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Standing in line inside a request looks like waiting from outside; and an answer that is held
# back explains no makespan.
EXPLAINS_LITTLE = {"waiting-in-app", "not-streaming"}
DIFFERENT = ("differs", "first-look")


def unexplained_lanes(report: Mapping[str, Any]) -> list[int]:
    """Positions of such lanes, each once, the slower of two first; none of a control."""
    verdict = report["verdict"]
    if verdict is None or verdict["control"]:
        return []
    found: list[int] = []
    for position, comparison in enumerate(verdict["comparisons"], 1):
        if _unexplained(comparison, verdict["margin"]):
            found += (position, 0) if comparison["ratio"] > 1 else (0, position)
    return list(dict.fromkeys(found))


def _unexplained(comparison: Mapping[str, Any], margin: float) -> bool:
    ratio = comparison["ratio"]
    if comparison["answer"] not in DIFFERENT or not ratio or max(ratio, 1 / ratio) <= 1 + margin:
        return False
    return all(cause["name"] in EXPLAINS_LITTLE for cause in comparison["causes"])
