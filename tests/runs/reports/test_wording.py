"""Loads, rates and the load generator in words."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.runs.reports.wording import (
    behind_sentences,
    instrument_text,
    load_text,
    per_second,
    sentence,
    warnings,
)
from dashboard.wire.plan.plan import Burst, Load, Rate
from dashboard.wire.report.report import Calibrated


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (Burst(1000, 1000), "1,000 requests at once"),
        (Burst(1000, 10), "1,000 requests, 10 at a time"),
        (Rate(500.0, 10.0), "500 requests per second for 10 s"),
        (Rate(0.5, 2.5, poisson=True), "0.5 requests per second for 2.5 s (Poisson)"),
    ],
)
def test_loads_in_words(load: Load, words: str) -> None:
    assert load_text(load) == words


def test_only_lanes_that_fell_behind_have_a_line() -> None:
    rate = {"offered_rps": 500.0, "achieved_rps": 212.04, "keeps_up": False}
    lanes: Any = [
        {"lane": "a@b", "rate": rate},
        {"lane": "c@d", "rate": {**rate, "keeps_up": True}},
        {"lane": "e@f", "rate": {**rate, "keeps_up": None}},
        {"lane": "g@h", "rate": None},
    ]
    assert list(behind_sentences(lanes)) == ["a@b: offered 500/s, achieved 212/s, backlog growing"]


@pytest.mark.parametrize(
    ("rate_rps", "words"),
    [(None, "–"), (0.5, "0.5/s"), (99.96, "100/s"), (1234.5, "1,230/s"), (61234.5, "61,000/s")],
)
def test_rates_have_only_significant_digits(rate_rps: float | None, words: str) -> None:
    assert per_second(rate_rps) == words


def test_without_a_calibration_there_are_no_words() -> None:
    calibration: Calibrated = {"floor_ms": 0.0912, "limit_rps": 61234.5}
    assert instrument_text(calibration) == "Load generator: adds 0.09 ms, up to 61,000 requests/s"
    assert instrument_text({"floor_ms": None, "limit_rps": None}) == ""
    assert instrument_text(None) == ""


def test_a_single_lane_at_a_rate_has_a_sentence_with_its_p95() -> None:
    rate = {"offered_rps": 400.0, "achieved_rps": 400.0, "keeps_up": True}
    lane = {"lane": "a@b", "rate": rate, "latency_ms": {"p95": 103.2}}
    report: Any = {"lanes": [lane], "warnings": [], "verdict": None}
    assert sentence(report) == "a@b answered 95 % of its requests within 103 ms."
    few = {**lane, "latency_ms": {"p95": None}}
    burst = {**lane, "rate": None}
    for other in (few, burst):
        another: Any = {**report, "lanes": [other]}
        assert sentence(another) == ""


def test_no_warning_repeats_the_sentence() -> None:
    behind = {
        "lane": "a@b",
        "latency_ms": {"p95": 9000.0},
        "rate": {"offered_rps": 400.0, "achieved_rps": 78.64, "keeps_up": False},
    }
    line = "a@b: offered 400/s, achieved 78.6/s, backlog growing"
    alone: Any = {"lanes": [behind], "warnings": ["Something."], "verdict": None}
    assert (sentence(alone), warnings(alone)) == ("", [line, "Something."])
    verdict = {"sentence": f"Nothing is compared: {line}.", "spoiled": None}
    compared: Any = {**alone, "verdict": verdict}
    assert (sentence(compared), warnings(compared)) == (verdict["sentence"], ["Something."])
    spoiled: Any = {
        **alone,
        "verdict": {"sentence": "No verdict. Something.", "spoiled": "Something."},
    }
    assert warnings(spoiled) == [line]
