"""What `python -m bench.sampler` fires, and what it concludes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.sampler import QUESTIONS, comparison_of, holds, line, project_in
from dashboard.project.labtoml.load import load_manifest
from dashboard.wire.plan.plan import Lane

WAITING = next(question for question in QUESTIONS if question.waits)
COMPUTING = next(question for question in QUESTIONS if not question.waits)


def report(ratio: float | None = 1.02, answer: str = "no-difference") -> dict[str, Any]:
    """The parts of a run's report that are read."""
    interval = None if ratio is None else [ratio - 0.01, ratio + 0.01]
    lane = {"makespan_s": [0.5, 0.6, 0.4], "server_side": {"cpu_ms_per_request": 2.0}}
    return {
        "lanes": [lane, {**lane, "server_side": {"cpu_ms_per_request": 2.1}}],
        "verdict": {
            "comparisons": [{"ratio": ratio, "interval": interval, "answer": answer}],
        },
    }


def test_each_question_can_be_fired(tmp_path: Path) -> None:
    project = load_manifest(project_in(tmp_path))
    for question in QUESTIONS:
        lanes = [Lane.parse(f"{name}@{question.server}") for name in ("plain", "sampled")]
        assert not project.problems(question.name, lanes, {})
        variants = project.scenarios[question.name].variants
        sampled = variants["sampled"].overrides
        assert sampled is not None
        assert "LIVEBURST_SAMPLER" in dict(sampled.env)
        assert variants["plain"].overrides is None


@pytest.mark.parametrize(
    ("ratio", "answer", "waiting", "computing"),
    [
        (1.02, "no-difference", True, True),
        (1.04, "undecided", False, True),
        (1.06, "differs", False, False),
        (None, "first-look", False, False),
    ],
)
def test_a_wait_may_not_differ_and_computing_may_cost_a_twentieth(
    ratio: float | None, answer: str, waiting: bool, computing: bool
) -> None:
    comparison = comparison_of(report(ratio, answer))
    assert holds(WAITING, comparison) is waiting
    assert holds(COMPUTING, comparison) is computing


def test_an_answer_has_medians_and_interval() -> None:
    text = line(WAITING, report())
    assert "0.500 s without, 0.500 s with the sampler" in text
    assert "ratio 1.020 (1.010 to 1.030), no-difference, 3 pairs" in text
    assert "2.000 and 2.100 ms (+5.0 %)" in text
    assert "ratio unknown (no interval)" in line(WAITING, report(None, "first-look"))


def test_without_a_pair_there_is_no_comparison() -> None:
    fired = report()
    assert comparison_of({**fired, "verdict": None}) is None
    first, second = fired["lanes"]
    assert comparison_of({**fired, "lanes": [first, {**second, "makespan_s": []}]}) is None
    assert not holds(COMPUTING, None)
