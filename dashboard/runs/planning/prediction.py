"""A prediction made before a run, which lane wins and by how much, and how it turned out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import cast

from dashboard.analysis.text.numbers import times
from dashboard.wire.codec import JsonObject
from dashboard.wire.plan.plan import MARGIN
from dashboard.wire.report.report import Report
from dashboard.wire.stored.plan import StoredPrediction

NO_WINNER = "nobody"  # no lane is faster than the others
FACTORS = (1.5, 2.0, 5.0, 10.0)  # how many times faster, to choose from
TOLERANCE = 1.5  # a predicted factor is right within this factor, up or down


@dataclass(frozen=True)
class Prediction(JsonObject):
    """The lane predicted to win, or NO_WINNER, and by what factor; `times` is None if not given."""

    lane: str
    times: float | None = None

    def to_json(self) -> StoredPrediction:
        """Return the prediction as it is stored with its run."""
        return cast(StoredPrediction, super().to_json())


def prediction_outcome(prediction: StoredPrediction, report: Report) -> str:
    """Return how a stored prediction turned out, in words; empty if the run has no verdict."""
    result = _result(report)
    if result is None:
        return ""
    winner, factor = result
    predicted = "no winner" if prediction["lane"] == NO_WINNER else prediction["lane"]
    if prediction["times"] and prediction["lane"] != NO_WINNER:
        predicted += f", {times(prediction['times'])}× faster"
    happened = "no lane was faster" if factor is None else f"{winner} was {times(factor)}× faster"
    return f"Predicted: {predicted}. {_assessment(prediction, winner, factor)}: {happened}."


def _assessment(prediction: StoredPrediction, winner: str, factor: float | None) -> str:
    if prediction["lane"] != winner:
        return "Wrong"
    if prediction["times"] is None or factor is None:
        return "Right"
    near = abs(log(prediction["times"] / factor)) <= log(TOLERANCE)
    return "Right" if near else "Right lane, wrong factor"


def _result(report: Report) -> tuple[str, float | None] | None:
    """Return the winner and its factor over the slowest lane; None if there is no verdict.

    A lane counts as equal to the baseline if the verdict shows no difference.
    """
    verdict = report["verdict"]
    if not verdict or verdict.get("spoiled") or not verdict["comparisons"]:
        return None
    ratios = {verdict["baseline"]: 1.0}
    for comparison in verdict["comparisons"]:
        ratio, answer = comparison["ratio"], comparison["answer"]
        if ratio is None or answer == "not-trusted":
            return None
        ratios[comparison["lane"]] = ratio if answer in ("differs", "first-look") else 1.0
    return _winner(ratios)


def _winner(ratios: Mapping[str, float]) -> tuple[str, float | None]:
    """Return the lane with the smallest ratio, or NO_WINNER if all are within the margin."""
    lane = min(ratios, key=lambda name: ratios[name])
    factor = max(ratios.values()) / ratios[lane]
    return (lane, factor) if factor >= 1 + MARGIN else (NO_WINNER, None)
