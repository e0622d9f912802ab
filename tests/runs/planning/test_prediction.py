"""How a prediction turned out: never against the verdict, and empty without one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.runs.planning.prediction import NO_WINNER, Prediction, prediction_outcome
from dashboard.wire.codec import to_json

BASELINE, OTHER = "sync@gunicorn-gthread", "async@daphne"


def report(ratio: float | None, answered: str = "differs", **more: Any) -> Any:
    comparison = {"lane": OTHER, "ratio": ratio, "answer": answered}
    return {"verdict": {"baseline": BASELINE, "comparisons": [comparison], **more}}


@pytest.mark.parametrize(
    ("prediction", "result", "words"),
    [
        (Prediction(OTHER), report(0.2), "Right: async@daphne was 5× faster."),
        (Prediction(OTHER, 5), report(0.2), "Predicted: async@daphne, 5× faster. Right: async"),
        (Prediction(OTHER, 10), report(0.2), "Right lane, wrong factor: async@daphne was 5×"),
        (
            Prediction(BASELINE),
            report(0.2),
            "Predicted: sync@gunicorn-gthread. Wrong: async@daphne was 5× faster.",
        ),
        (
            Prediction(BASELINE, 2),
            report(2.0),
            "Right: sync@gunicorn-gthread was 2× faster.",
        ),
        (
            Prediction(NO_WINNER),
            report(0.99, "no-difference"),
            "Predicted: no winner. Right: no lane was faster.",
        ),
        (Prediction(OTHER, 2), report(0.9, "undecided"), "2× faster. Wrong: no lane was faster."),
        (Prediction(NO_WINNER), report(0.5), "no winner. Wrong: async@daphne was 2× faster."),
    ],
)
def test_the_outcome_in_words(prediction: Prediction, result: Any, words: str) -> None:
    assert words in prediction_outcome(to_json(prediction), result)


@pytest.mark.parametrize(
    "result",
    [
        {"verdict": None},
        report(None, "errors"),
        report(0.5, spoiled="the engine was at its limit"),
        report(0.5, "not-trusted"),
        {"verdict": {"baseline": BASELINE, "comparisons": []}},
    ],
)
def test_without_a_verdict_there_is_no_outcome(result: Any) -> None:
    assert prediction_outcome(to_json(Prediction(OTHER)), result) == ""


@given(ratio=st.floats(0.001, 1000), answered=st.sampled_from(["differs", "no-difference"]))
def test_the_winner_is_never_the_slower_lane(ratio: float, answered: str) -> None:
    outcome = prediction_outcome(to_json(Prediction(NO_WINNER)), report(ratio, answered))
    if answered == "no-difference" or 1 / 1.03 < ratio < 1.03:
        assert "no lane was faster" in outcome
    else:
        assert f"{OTHER if ratio < 1 else BASELINE} was" in outcome
