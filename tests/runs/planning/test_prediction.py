"""What became of a guess: never against the verdict, and silent where there is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.runs.planning.prediction import NO_WINNER, Prediction, answer

BASELINE, OTHER = "sync@gunicorn-gthread", "async@daphne"


def report(ratio: float | None, answered: str = "differs", **more: Any) -> dict[str, Any]:
    comparison = {"lane": OTHER, "ratio": ratio, "answer": answered}
    return {"verdict": {"baseline": BASELINE, "comparisons": [comparison], **more}}


@pytest.mark.parametrize(
    ("guess", "found", "words"),
    [
        (Prediction(OTHER), report(0.2), "right, it was async@daphne, 5 times sooner"),
        (Prediction(OTHER, 5), report(0.2), "async@daphne, 5 times sooner: right, it was"),
        (Prediction(OTHER, 10), report(0.2), "the right one, but not by as much, it was"),
        (
            Prediction(BASELINE),
            report(0.2),
            "You guessed sync@gunicorn-gthread: it was async@daphne",
        ),
        (
            Prediction(BASELINE, 2),
            report(2.0),
            "right, it was sync@gunicorn-gthread, 2 times sooner",
        ),
        (Prediction(NO_WINNER), report(0.99, "no-difference"), "right, nobody was ahead"),
        (Prediction(OTHER, 2), report(0.9, "undecided"), "2 times sooner: nobody was ahead"),
        (Prediction(NO_WINNER), report(0.5), "that nobody would be ahead: it was async@daphne"),
    ],
)
def test_a_guess_is_answered(guess: Prediction, found: dict[str, Any], words: str) -> None:
    assert words in answer(guess.to_json(), found)


@pytest.mark.parametrize(
    "found",
    [
        {"verdict": None},
        report(None, "errors"),
        report(0.5, spoiled="the engine was at its limit"),
        report(0.5, "not-trusted"),
        {"verdict": {"baseline": BASELINE, "comparisons": []}},
    ],
)
def test_without_a_verdict_nothing_is_said(found: dict[str, Any]) -> None:
    assert answer(Prediction(OTHER).to_json(), found) == ""


@given(ratio=st.floats(0.001, 1000), answered=st.sampled_from(["differs", "no-difference"]))
def test_who_is_named_is_never_the_later_one(ratio: float, answered: str) -> None:
    said = answer(Prediction(NO_WINNER).to_json(), report(ratio, answered))
    if answered == "no-difference" or 1 / 1.03 < ratio < 1.03:
        assert "nobody was ahead" in said
    else:
        assert f"it was {OTHER if ratio < 1 else BASELINE}" in said
