"""Only lanes whose difference is not explained are worth an X-ray."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.analysis.causes.unexplained import unexplained_lanes

ALONE: Any = {"verdict": None}


def report(*comparisons: dict[str, Any], control: Any = None) -> Any:
    verdict = {"margin": 0.03, "control": control, "comparisons": list(comparisons)}
    return {"verdict": verdict}


def comparison(ratio: float | None, *causes: str, answer: str = "differs") -> dict[str, Any]:
    return {"answer": answer, "ratio": ratio, "causes": [{"name": cause} for cause in causes]}


def test_the_slower_of_the_two_comes_first() -> None:
    assert unexplained_lanes(report(comparison(2.0))) == [1, 0]
    assert unexplained_lanes(report(comparison(0.5))) == [0, 1]


def test_each_lane_is_looked_into_once() -> None:
    assert unexplained_lanes(report(comparison(0.5), comparison(0.4))) == [0, 1, 2]


def test_waiting_and_holding_back_explain_too_little() -> None:
    assert unexplained_lanes(report(comparison(2.0, "waiting-in-app", "not-streaming"))) == [1, 0]


@pytest.mark.parametrize(
    "known",
    [
        comparison(2.0, "threads-busy"),
        comparison(2.0, "waiting-in-app", "cpu-bound"),
        comparison(1.02),
        comparison(1.5, answer="undecided"),
        comparison(None, "errors", answer="errors"),
    ],
)
def test_a_lane_that_is_explained_or_no_different_is_left_alone(known: dict[str, Any]) -> None:
    assert unexplained_lanes(report(known)) == []


def test_a_control_and_a_single_lane_are_left_alone() -> None:
    assert unexplained_lanes(report(comparison(2.0), control={"trusted": False})) == []
    assert unexplained_lanes(ALONE) == []
