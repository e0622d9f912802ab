"""A guess before a run, who will be first and by how much, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log
from typing import Any

from dashboard.analysis.text.numbers import times
from dashboard.wire.plan import MARGIN

NO_WINNER = "nobody"  # no lane is ahead of the others
SIZES = (1.5, 2.0, 5.0, 10.0)  # what can be guessed, as often as soon
NEARLY = 1.5  # a guess is right about the size within this factor, up or down


@dataclass(frozen=True)
class Prediction:
    """The lane predicted to win, or NO_WINNER, and by what factor; `times` is None if not given."""

    lane: str
    times: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As a run keeps it."""
        return asdict(self)


def answer(guess: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """What became of a guess, in a sentence; empty where the run gave no verdict."""
    standing = _standing(report)
    if standing is None:
        return ""
    winner, factor = standing
    guessed = "that nobody would be ahead" if guess["lane"] == NO_WINNER else guess["lane"]
    if guess["times"] and guess["lane"] != NO_WINNER:
        guessed += f", {times(guess['times'])} times sooner"
    found = "nobody was ahead" if winner == NO_WINNER else f"it was {winner}"
    if factor is not None:
        found += f", {times(factor)} times sooner"
    return f"You guessed {guessed}: {_right(guess, winner, factor)}{found}."


def _right(guess: Mapping[str, Any], winner: str, factor: float | None) -> str:
    if guess["lane"] != winner:
        return ""
    if guess["times"] is None or factor is None:
        return "right, "
    near = abs(log(guess["times"] / factor)) <= log(NEARLY)
    return "right, " if near else "the right one, but not by as much, "


def _standing(report: Mapping[str, Any]) -> tuple[str, float | None] | None:
    """Who was first, and how many times as soon as the last; None: no verdict.

    Sooner is a smaller ratio of the verdict's metric. Those that the verdict does not tell from
    the baseline are the baseline's equals.
    """
    verdict = report["verdict"]
    if not verdict or verdict.get("spoiled") or not verdict["comparisons"]:
        return None
    ratios = {verdict["baseline"]: 1.0}
    for one in verdict["comparisons"]:
        if one["ratio"] is None or one["answer"] == "not-trusted":
            return None
        ratios[one["lane"]] = one["ratio"] if one["answer"] in ("differs", "first-look") else 1.0
    return _first(ratios)


def _first(ratios: Mapping[str, float]) -> tuple[str, float | None]:
    in_order: Sequence[tuple[str, float]] = sorted(ratios.items(), key=lambda pair: pair[1])
    (lane, ratio), (_, last_ratio) = in_order[0], in_order[-1]
    if last_ratio / ratio < 1 + MARGIN:
        return NO_WINNER, None
    return lane, last_ratio / ratio
