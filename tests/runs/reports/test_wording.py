"""Loads, rates and the load generator in words."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.runs.reports.wording import (
    because,
    behind_sentences,
    headline,
    instrument_text,
    load_text,
    per_second,
    sentence,
    so_far,
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


def lane_alone(**changes: Any) -> Any:
    lane = {
        "lane": "a@b", "rate": None, "latency_ms": {"p95": 103.2}, "makespan_s": [1.3, 1.31, 1.29],
        "requests": 60, "ok": 60, "errors": {},
    }  # fmt: skip
    return {"lanes": [{**lane, **changes}], "warnings": ["Something."], "verdict": None}


RATE = {"offered_rps": 400.0, "achieved_rps": 400.0, "keeps_up": True}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rate": RATE}, "a@b answered 95 % of its requests within 103 ms."),
        ({"rate": RATE, "latency_ms": {"p95": None}}, ""),
        (
            {"rate": {**RATE, "achieved_rps": 78.64, "keeps_up": False}},
            "a@b did not keep up with 400 requests/s: it achieved 78.6/s.",
        ),
        ({}, "a@b finished the burst in 1.3 s (median of 3 rounds)."),
        ({"makespan_s": [0.4]}, "a@b finished the burst in 400 ms."),
        ({"makespan_s": []}, ""),
        ({"ok": 50, "errors": {"timeout": 10}}, "Requests failed: a@b 10 of 60 (10 timeout)."),
    ],
)
def test_a_single_lane_has_a_sentence(changes: dict[str, Any], words: str) -> None:
    assert sentence(lane_alone(**changes)) == words
    assert warnings(lane_alone(**changes)) == ["Something."]


def with_verdict(first: str, more: str = "", status: str = "finished", **changes: Any) -> Any:
    verdict = {"headline": first, "sentence": f"{first} {more}".strip(), "spoiled": None}
    return {
        **lane_alone(), "verdict": {**verdict, **changes}, "status": status, "rounds": 40
    }  # fmt: skip


def test_a_headline_is_followed_by_the_rest() -> None:
    report = with_verdict("b@y took 12 % longer (95 %).", "It waited. Why?")
    assert headline(report) == "b@y took 12 % longer (95 %)."
    assert because(report) == "It waited. Why?"
    assert sentence(report) == "b@y took 12 % longer (95 %). It waited. Why?"
    del report["verdict"]["headline"]  # a report from before there was one
    assert (headline(report), because(report)) == (
        "b@y took 12 % longer (95 %).",
        "It waited. Why?",
    )


def test_a_run_that_is_not_over_or_was_cut_short_has_so_many_rounds() -> None:
    look = "First look (3 rounds): b@y took 12 % longer than a@x."
    assert headline(with_verdict(look, status="stopped")) == f"Stopped early, f{look[1:]}"
    assert so_far(with_verdict(look)) == "So far (3 rounds): b@y took 12 % longer than a@x."
    assert headline(with_verdict("It took long.", status="interrupted")) == (
        "Interrupted after 3 of 40 rounds: It took long."
    )
    assert so_far(with_verdict("It took long.")) == "So far: It took long."


def test_no_warning_repeats_the_sentence() -> None:
    behind = {"rate": {**RATE, "achieved_rps": 78.64, "keeps_up": False}}
    spoiled: Any = {**lane_alone(**behind), "verdict": {"sentence": "No.", "spoiled": "Something."}}
    assert warnings(spoiled) == ["a@b: offered 400/s, achieved 78.6/s, backlog growing"]
    assert warnings(with_verdict("Of 400/s, a@b achieved 78.6/s.")) == ["Something."]
