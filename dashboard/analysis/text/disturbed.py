"""What still follows from a run that was disturbed, or was spoiled, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .numbers import faster_or_slower, percent

Verdict = Mapping[str, Any]
Comparison = Mapping[str, Any]

DID = {
    "makespan_s": "finished the burst",
    "response_p95_ms": "answered 95 % of its requests",
}
LATENESS = "all lateness of the load generator"


def measured(verdict: Verdict) -> Iterator[str]:
    """What was measured of lanes that are not compared, each ratio marked as such."""
    for one in verdict["comparisons"]:
        if one["ratio"] is not None:
            yield f"Measured, but not to be trusted: {_outcome(verdict, one)}."


def why_disturbed(verdict: Verdict) -> Iterator[str]:
    """That the run was disturbed, and by what; nothing where it was not."""
    if verdict.get("disturbed"):
        yield f"The run was disturbed. {verdict['disturbed']['reason'].rstrip('.')}."


def mark(verdict: Verdict | None, lane: str) -> str:
    """What must stand beside a lane's ratio: *not trusted*, *disturbed*; empty where nothing."""
    one = next((one for one in (verdict or {}).get("comparisons", ()) if one["lane"] == lane), None)
    if verdict is None or one is None or one["ratio"] is None:
        return ""
    if one["answer"] == "not-trusted":
        return "not trusted"
    return "disturbed" if verdict.get("disturbed") else ""


def at_worst(verdict: Verdict, one: Comparison) -> str:
    """Between which ends a ratio is when all lateness is counted; empty in other runs."""
    worst = _worst(verdict, one)
    return f" ({_between(worst)}, with {LATENESS} counted)" if worst else ""


def answered_at_worst(verdict: Verdict, one: Comparison) -> str:
    """What a comparison says in a run that was disturbed; empty where it is like any other."""
    worst, outcome = _worst(verdict, one), _outcome(verdict, one)
    match one["answer"]:
        case "differs" if worst:
            low, high = worst
            bound, ahead = (high, one["lane"]) if high < 1 else (low, verdict["baseline"])
            return (
                f"{outcome}, and at least {faster_or_slower(bound)} even if {LATENESS} is held"
                f" against {ahead} ({percent(one['level'])})."
            )
        case "no-difference" if worst:
            return (
                f"{one['lane']} next to {verdict['baseline']}: no difference larger than"
                f" {percent(verdict['margin'])}, even with {LATENESS} counted"
                f" ({percent(one['level'])}: {_between(worst)})."
            )
        case "not-trusted":
            how_far = f": {_between(worst)}" if worst else ""
            return (
                f"No verdict: {outcome} as measured, but the lateness of the load generator may"
                f" explain it{how_far}."
            )
    return ""


def _worst(verdict: Verdict, one: Comparison) -> list[float] | None:
    disturbed = verdict.get("disturbed")
    found: list[float] | None = disturbed["intervals"].get(one["lane"]) if disturbed else None
    return found


def _outcome(verdict: Verdict, one: Comparison) -> str:
    """*async@daphne finished the burst 3.4 times sooner than sync@daphne*."""
    apart = faster_or_slower(one["ratio"] or 1)
    than = f"{apart} than" if apart else "as soon as"
    return f"{one['lane']} {DID[verdict['metric']]} {than} {verdict['baseline']}"


def _between(ends: list[float]) -> str:
    low, high = (faster_or_slower(end) or "as soon" for end in ends)
    return f"from {low} to {high}"
