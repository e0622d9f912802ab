"""Server and code apart: each step has its own interval, and noise is no step."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from dashboard.analysis.inference.comparison import FIXED, Comparison, compare
from dashboard.analysis.inference.decompose import Factor, decompose
from dashboard.wire.plan.plan import Lane

from .test_error_rates import NOISES, noise, wrong_share

BASELINE, SERVER, LANE = map(Lane.parse, ("sync@gunicorn", "sync@daphne", "async@daphne"))
RUNS = 1500


def steps_of(values: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[Factor] | None:
    """Return the steps of a run of three lanes with these logarithms by round."""
    by_round = {
        lane: {number: float(np.exp(value)) for number, value in enumerate(logs, 1)}
        for lane, logs in zip((BASELINE, SERVER, LANE), values, strict=True)
    }
    _, comparison = compare([values[1] - values[0], values[2] - values[0]], [None, None])
    return decompose(LANE, BASELINE, by_round, comparison)


def excludes_one(step: Factor) -> bool:
    assert step.interval is not None
    low, high = step.interval
    return low > 1 or high < 1


@pytest.mark.thorough
@pytest.mark.parametrize("rounds", [5, 12])
@pytest.mark.parametrize("kind", NOISES)
def test_the_same_work_three_times_is_hardly_ever_decomposed(kind: str, rounds: int) -> None:
    lanes = [noise(kind, 0.05, (RUNS, rounds), seed) for seed in (1, 2, 3)]
    runs = (steps_of(np.stack(values)) for values in zip(*lanes, strict=True))
    false = np.array([any(map(excludes_one, steps or ())) for steps in runs])
    assert false.size == RUNS
    assert wrong_share(false) < FIXED.alpha


def test_a_step_that_is_there_is_found_and_the_other_is_not() -> None:
    values = noise("normal", 0.02, (3, 8), 4)
    values[1:] += log(0.5)
    steps = steps_of(values)
    assert steps is not None
    server, code = steps
    assert excludes_one(server)
    assert server.ratio == pytest.approx(0.5, rel=0.1)
    assert not excludes_one(code)
    assert server.to_json()["interval"] == list(server.interval or ())


@pytest.mark.parametrize("rounds", range(1, 5))
def test_fewer_than_five_rounds_have_no_steps(rounds: int) -> None:
    assert steps_of(noise("normal", 0.02, (3, rounds), 5)) is None


def test_a_lane_that_misses_rounds_leaves_no_steps_of_fewer_than_five() -> None:
    values = np.exp(noise("normal", 0.02, (3, 5), 6))
    by_round = {
        lane: {number: float(value) for number, value in enumerate(logs, 1)}
        for lane, logs in zip((BASELINE, SERVER, LANE), values, strict=True)
    }
    (comparison,) = compare([np.log(values[2] / values[0])], [None])
    del by_round[SERVER][3]
    assert decompose(LANE, BASELINE, by_round, comparison) is None
    assert decompose(LANE, BASELINE, {}, comparison) is None
    assert decompose(LANE, BASELINE, by_round, Comparison("errors")) is None
