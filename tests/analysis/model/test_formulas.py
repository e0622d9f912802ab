"""The formulas of predictions, against values computed by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.model.formulas import Scalability, burst_of_waits_s, fitted


@pytest.mark.parametrize(
    ("arguments", "expected_s"),
    [
        ((100, 8, 0.1), 1.3),  # ⌈100/8⌉ = 13
        ((100, 100, 0.1), 0.1),
        ((20, 1, 0.1), 2.0),
        ((5, 8, 0.1), 0.1),  # more workers than requests
        ((100, 100, 0.1, 0.001), 0.2),  # 0.101 + 99 · 0.001
        ((100, 8, 0.1, 0.001), 1.32),  # 13 · 0.101 + 7 · 0.001
        ((100, 100, 0.1, 0.001, 2), 0.1505),  # 0.101 + 99 · 0.0005
        ((100, 50, 0.01, 0.01), 1.01),  # the CPU is the limit: 0.01 + 100 · 0.01
    ],
)
def test_a_burst_of_waits(arguments: tuple[Any, ...], expected_s: float) -> None:
    assert burst_of_waits_s(*arguments) == pytest.approx(expected_s)


def test_the_scalability_law_by_hand() -> None:
    law = Scalability(100, contention=0.1, coherence=0.01)
    assert law.throughput_rps(1) == 100
    assert law.throughput_rps(2) == pytest.approx(200 / 1.12)
    assert law.throughput_rps(4) == pytest.approx(400 / 1.42)


@pytest.mark.parametrize(
    ("measured", "processes", "expected_rps"),
    [
        ({1: 100.0}, 2, 200.0),  # linear
        ({2: 100.0}, 4, 200.0),
        ({1: 100.0, 2: 150.0}, 4, 200.0),  # σ = 1/3, as in Amdahl's law
        ({1: 100.0, 2: 220.0}, 4, 400.0),  # no better than linear
        ({1: 100.0, 2: 200 / 1.12, 4: 400 / 1.42}, 8, 800 / (1 + 0.7 + 0.56)),
    ],
)
def test_the_law_that_fits_what_was_measured(
    measured: dict[int, float], processes: int, expected_rps: float
) -> None:
    assert fitted(measured).throughput_rps(processes) == pytest.approx(expected_rps)


@given(st.dictionaries(st.integers(1, 64), st.floats(1, 1e6), min_size=1, max_size=6))
def test_no_fit_has_a_parameter_below_0(measured: dict[int, float]) -> None:
    law = fitted(measured)
    assert law.contention >= 0
    assert law.coherence >= 0
    assert law.throughput_rps(64) > 0
