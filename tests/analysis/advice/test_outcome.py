"""Whether a prediction held, by the run that tests it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dashboard.analysis.advice.advice import advice_on
from dashboard.analysis.advice.outcome import outcome_of
from dashboard.analysis.text.advice import outcome_text
from dashboard.wire.report.advice import Advice
from tests.analysis.causes.test_causes import THREADS, free
from tests.analysis.planted import Planted, pool, report_of

from .situations import situation


def advice() -> Advice:
    """Return the advice to give gunicorn-gthread 100 threads: 0.15 s in all."""
    return advice_on(situation([THREADS, free()]))[0]


def report_with(total_ms: float, **changes: Any) -> dict[str, Any]:
    """Return the report of a run of both lanes, of which the advised one takes so long."""
    more = Planted(
        **{
            **vars(THREADS),
            "name": "sync@gunicorn-gthread:threads=100",
            "model": pool(100, total_ms),
        }
    )
    report: dict[str, Any] = report_of([THREADS, more], 100)
    report.update(changes)
    return report


@pytest.mark.parametrize(
    ("total_ms", "held", "text"),
    [
        (150, True, r"Held: 1\d\d ms measured, 1\d\d ms predicted \([−+]?[\d.]+ %\)\."),
        (165, True, r"Held: 1.*\(\+"),
        (300, False, r"Did not hold: 30.*\(\+"),
        (101, False, r"Did not hold: 10.*\(−"),
    ],
)
def test_a_value_holds_within_its_interval(total_ms: float, held: bool, text: str) -> None:
    outcome = outcome_of(advice(), report_with(total_ms))  # type: ignore[arg-type]
    assert outcome["held"] is held
    assert outcome["error"] == pytest.approx(total_ms / 150 - 1, abs=0.03)
    assert re.match(text, outcome_text(advice(), outcome))


def test_a_bound_holds_up_to_itself() -> None:
    bound: Advice = {
        **advice(),
        "prediction": {
            "metric": "bystander_ms_p50",
            "value": None,
            "low": None,
            "high": 50.0,
            "formula": "half of 100 ms",
        },
    }
    for measured_ms, held, error in ((4.0, True, 0.0), (50.0, True, 0.0), (75.0, False, 0.5)):
        report = report_with(150)
        report["lanes"][1]["neighbour"] = {"latency_ms": {"p50": measured_ms}}
        outcome = outcome_of(bound, report)  # type: ignore[arg-type]
        assert (outcome["held"], outcome["error"]) == (held, error)
    assert outcome_text(bound, outcome) == (
        "Did not hold: 75 ms measured, at most 50 ms predicted (+50 %)."
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": "stopped"}, "the run was stopped"),
        ({"verdict": None}, "the lane was not fired beside the present one"),
        ({"lanes": []}, "the lane was not fired beside the present one"),
    ],
)
def test_what_decides_nothing_is_undecided(changes: dict[str, Any], why: str) -> None:
    outcome = outcome_of(advice(), report_with(150, **changes))  # type: ignore[arg-type]
    assert outcome["held"] is None
    assert outcome["why"] == why
    assert outcome_text(advice(), outcome).startswith(f"Undecided: {why}")


@pytest.mark.parametrize("answer", ["undecided", "errors", "not-trusted", "behind"])
def test_a_run_that_is_undecided_leaves_the_prediction_so(answer: str) -> None:
    report = report_with(150)
    report["verdict"]["comparisons"][0]["answer"] = answer
    outcome = outcome_of(advice(), report)  # type: ignore[arg-type]
    assert outcome["held"] is None
    assert outcome["measured"] == pytest.approx(0.15, rel=0.03)


def test_a_disturbed_run_is_undecided() -> None:
    report = report_with(150)
    report["verdict"]["disturbed"] = {"reason": "The load generator was late.", "intervals": {}}
    assert outcome_of(advice(), report)["held"] is None  # type: ignore[arg-type]


def test_what_was_not_measured_is_undecided() -> None:
    report = report_with(150)
    report["lanes"][1]["makespan_s"] = []
    outcome = outcome_of(advice(), report)  # type: ignore[arg-type]
    assert (outcome["held"], outcome["measured"]) == (None, None)
    assert outcome_text(advice(), outcome) == ("Undecided: what was predicted was not measured.")
