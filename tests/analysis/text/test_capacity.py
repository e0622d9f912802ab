"""The sentence of a capacity: its interval, its price, its knee, and what is only extrapolated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.analysis.text.capacity import capacity_sentence, name_of, rates_text
from dashboard.wire.experiments.capacity import CandidateReport, CapacityAnswer, Extrapolated

LANE = "sync@gunicorn-gthread:processes=2,threads=16"
CANDIDATE = CandidateReport(
    lane=LANE,
    processes=2,
    threads=16,
    predicted_rps=391.4,
    state="holds",
    low_rps=412.0,
    high_rps=430.0,
    memory_mb=310.2,
    cores=1.42,
    knee="cpu",
    why="",
    tried=(),
)
CHEAPER = replace(
    CANDIDATE,
    lane=LANE.replace("16", "8"),
    threads=8,
    state="fails",
    why="p95 500 ms",
)
ANSWER = CapacityAnswer(
    experiment="e",
    kind="capacity",
    status="finished",
    problem="",
    project="liveapp",
    scenario="sleep",
    rate_rps=300.0,
    p95_ms=200.0,
    error_share=0.001,
    memory_mb=None,
    rounds=3,
    duration_s=4.0,
    seed=1,
    parameters={},
    machine_cores=2,
    candidates=(CHEAPER, CANDIDATE),
    best=LANE,
    largest=None,
    extrapolated=Extrapolated(4.0, 1161.0),
    running=None,
    sentence="",
)


def test_the_sentence_has_interval_memory_cores_and_knee() -> None:
    assert capacity_sentence(ANSWER).sentence == (
        "sync@gunicorn-gthread, 2 × 16 threads: holds 412 to 430/s at p95 ≤ 200 ms,"
        " 310 MiB, 1.4 cores; the knee is the CPU."
        " sync@gunicorn-gthread, 2 × 8 threads does not hold 300/s: p95 500 ms."
        " Per core: 290/s; 4 cores, extrapolated: 1160/s."
    )


def test_less_than_a_core_is_extrapolated_to_one() -> None:
    best = replace(CANDIDATE, cores=0.41, knee="threads")
    answer = replace(ANSWER, candidates=(best,), extrapolated=None)
    sentence = capacity_sentence(answer).sentence
    assert "0.41 cores; the knee is the threads." in sentence
    assert sentence.endswith("Per core, extrapolated: 1000/s.")


def test_if_none_holds_the_largest_is_named() -> None:
    answer = replace(ANSWER, candidates=(CHEAPER,), best=None, largest=CHEAPER.lane)
    sentence = capacity_sentence(answer).sentence
    assert sentence.startswith(
        "No configuration that was fired holds 300/s. The largest, sync@gunicorn-gthread, 2 × 8"
    )


def test_before_anything_is_known_there_is_no_sentence() -> None:
    assert capacity_sentence(replace(ANSWER, candidates=(), best=None)).sentence == ""


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "holds 412 to 430/s"),
        ({"high_rps": None}, "holds 412/s or more"),
        ({"low_rps": None}, "does not hold 430/s"),
        ({"low_rps": None, "high_rps": None}, "is undecided"),
        ({"low_rps": 1234.0, "high_rps": 1290.0}, "holds 1234 to 1290/s"),
    ],
)
def test_an_end_that_was_not_found_is_not_named(changed: dict[str, Any], text: str) -> None:
    assert rates_text(replace(CANDIDATE, **changed)) == text


@pytest.mark.parametrize(
    ("lane", "threads", "name"),
    [
        (LANE, 16, "sync@gunicorn-gthread, 2 × 16 threads"),
        ("a@uvicorn:processes=2", None, "a@uvicorn, 2 processes"),
        ("a@x:pool=4,processes=2,threads=1", 1, "a@x:pool=4, 2 × 1 thread"),
    ],
)
def test_a_configuration_keeps_its_other_settings(
    lane: str, threads: int | None, name: str
) -> None:
    assert name_of(replace(CANDIDATE, lane=lane, threads=threads)) == name
