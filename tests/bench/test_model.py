"""What `python -m bench.model` concludes from a survey."""

from __future__ import annotations

import pytest

from bench.model import Fired, fired_in, summary
from tests.management.commands.test_survey import ANSWER, POOL


def fired(predicted_rps: float, measured_rps: float) -> Fired:
    return Fired("sleep", "sync@daphne", predicted_rps, measured_rps, today_rps=40)


@pytest.mark.parametrize(
    ("found", "missed", "words"),
    [
        ([fired(100, 100), fired(210, 200), fired(50, 60)], False, "median error 5.0%, 2 within"),
        ([fired(100, 150), fired(200, 250), fired(50, 60)], True, "median error 20.0%"),
        ([fired(100, 101), fired(101, 100), fired(102, 99)], True, "τ -1.00 of the throughput"),
        ([fired(100, 100)], True, "τ unknown"),
        ([], True, "No alternative"),
    ],
)
def test_error_and_order_decide(found: list[Fired], missed: bool, words: str) -> None:
    text, is_missed = summary(found)
    assert is_missed is missed
    assert words in text


def test_each_fired_alternative_is_checked() -> None:
    (only,) = fired_in(ANSWER)
    assert (only.lane, only.predicted_rps, only.measured_rps) == (POOL.lane, 290, 281)
    assert only.ratios == pytest.approx((39 / 290, 39 / 281))
    assert "(+3.2%)" in str(only)
