"""What `python -m bench.advice` concludes from its predictions."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.advice import MORE, Checked, keep, results_in, summary
from dashboard.project.labtoml.load import load_manifest
from dashboard.wire.plan.plan import Lane
from tests.runs.advice.pieces import ADVICE
from tests.runs.fakes import LIVEAPP


def checked(error: float, *, held: bool | None = True, value: float | None = 0.1) -> Checked:
    assert ADVICE["prediction"]
    advice = {**ADVICE, "prediction": {**ADVICE["prediction"], "value": value}}
    outcome = {"run": "r", "measured": 0.1, "error": error, "held": held, "why": None}
    return Checked("sleep", advice, outcome)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pieces", "missed", "words"),
    [
        ([checked(0.1), checked(-0.12), checked(0.9)], False, "median error 12.0 % of 3"),
        ([checked(0.2), checked(-0.3)], True, "median error 25.0 % of 2"),
        ([checked(0.1), checked(0.9, held=None)], False, "1 undecided"),
        ([checked(0.1), checked(0, value=None)], False, "bounds: 1 of 1 held"),
        ([checked(0.1), checked(0.3, held=False, value=None)], True, "bounds: 0 of 1 held"),
        ([], True, "No predicted value"),
    ],
)
def test_the_median_error_decides(pieces: list[Checked], missed: bool, words: str) -> None:
    text, too_far = summary(pieces)
    assert too_far is missed
    assert words in text


def test_what_is_fired_besides_exists() -> None:
    project = load_manifest(LIVEAPP)
    for scenario, lanes in MORE:
        assert not project.problems(scenario, [Lane.parse(lane) for lane in lanes], {})


def test_what_was_tested_is_read_again(tmp_path: Path) -> None:
    """A run without any advice that a lane tests is done as well."""
    results = tmp_path / "advice.jsonl"
    assert results_in(results) == {}
    own, lanes = ("sleep", (), 5), ("sleep", MORE[0][1], 5)
    tested = [checked(0.1), checked(-0.2)]
    keep(results, own, tested, 12.34)
    keep(results, lanes, [], 5)
    assert results_in(results) == {own: tested, lanes: []}
