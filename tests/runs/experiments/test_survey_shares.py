"""Where the time of one request goes."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.runs.experiments.survey.measured import shares_of

milliseconds = st.floats(0, 1000)


def test_what_is_outside_the_view_is_the_framework() -> None:
    # 2 ms of 10 are outside of the view; of the 4 ms of CPU, 2 are its, and 2 the view's.
    shares = shares_of(wall_ms=10, view_ms=8, cpu_ms=4, query_ms=3)
    assert shares is not None
    assert astuple(shares) == pytest.approx((0.2, 0.3, 0.3, 0.2))  # as its fields: CPU first


def test_queries_that_compute_in_the_process_are_the_databases() -> None:
    shares = shares_of(wall_ms=10, view_ms=9, cpu_ms=10, query_ms=6)
    assert shares is not None
    assert astuple(shares) == pytest.approx((0.3, 0.6, 0, 0.1))


@pytest.mark.parametrize("unknown", ["view_ms", "cpu_ms", "query_ms"])
def test_unknown_parts_leave_all_unknown(unknown: str) -> None:
    parts = {"view_ms": 1.0, "cpu_ms": 1.0, "query_ms": 1.0}
    assert shares_of(2, **{**parts, unknown: None}) is None


@given(st.floats(0.01, 1000), milliseconds, milliseconds, milliseconds)
def test_shares_add_up_to_one(
    wall_ms: float, view_ms: float, cpu_ms: float, query_ms: float
) -> None:
    shares = shares_of(wall_ms, view_ms, cpu_ms, query_ms)
    assert shares is not None
    parts = (shares.cpu, shares.database, shares.waiting, shares.framework)
    assert sum(parts) == pytest.approx(1)
    assert all(part >= 0 for part in parts)
