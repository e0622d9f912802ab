"""Waiting times against values from tables and textbooks, and bounds that hold for any numbers."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.model.queueing import allen_cunneen_wait_s, busy_probability, closed_rps

seconds = st.floats(1e-4, 10)


@pytest.mark.parametrize(
    ("offered", "servers", "expected"),
    [
        (0.5, 1, 0.5),  # one server: its load
        (1.0, 2, 1 / 3),
        (2.0, 3, 4 / 9),
        (4.0, 4, 1.0),
        (9.0, 4, 1.0),
    ],
)
def test_erlangs_c_formula(offered: float, servers: int, expected: float) -> None:
    assert busy_probability(offered, servers) == pytest.approx(expected)


def test_one_server_waits_as_pollaczek_and_khinchin_say() -> None:
    # ρ = 0.8, service 10 ms: ρ / (1 − ρ) · 10 ms · (1 + Cs²) / 2
    assert allen_cunneen_wait_s(80, 1, 0.01) == pytest.approx(0.04)
    assert allen_cunneen_wait_s(80, 1, 0.01, service_scv=0) == pytest.approx(0.02)
    assert allen_cunneen_wait_s(80, 1, 0.01, service_scv=4) == pytest.approx(0.1)


def test_several_servers_wait_as_in_a_queue_of_exponential_service() -> None:
    # M/M/2 with ρ = 0.75: C = 0.6429, wait = C · 10 ms / (2 − 1.5)
    assert allen_cunneen_wait_s(150, 2, 0.01) == pytest.approx(0.012857, rel=1e-4)


def test_an_overloaded_server_never_catches_up() -> None:
    assert allen_cunneen_wait_s(100, 1, 0.01) == inf
    assert allen_cunneen_wait_s(0, 1, 0.01) == 0


@pytest.mark.parametrize(
    ("in_flight", "wall_s", "service_s", "expected_rps"),
    [
        (1, 0.1, 0.01, 10.0),  # alone nothing waits
        (32, 0.1, 0.0, 320.0),  # nothing is shared
        (8, 0.01, 0.01, 100.0),  # all of it is the shared server's: 1 / service
        (1000, 0.1, 0.01, 100.0),
    ],
)
def test_requests_that_return(
    in_flight: int, wall_s: float, service_s: float, expected_rps: float
) -> None:
    assert closed_rps(in_flight, wall_s, service_s) == pytest.approx(expected_rps, rel=0.02)


@given(st.integers(1, 500), seconds, st.floats(0, 1), st.integers(1, 16), st.floats(0, 4))
def test_it_is_never_above_its_bounds(
    in_flight: int, wall_s: float, share: float, servers: int, scv: float
) -> None:
    service_s = share * wall_s
    rps = closed_rps(in_flight, wall_s, service_s, servers, scv)
    assert 0 < rps <= in_flight / wall_s * (1 + 1e-9)
    assert rps * service_s <= servers * (1 + 1e-9)


@given(st.integers(1, 200), seconds, st.floats(0.01, 1), st.integers(1, 8))
def test_more_in_flight_is_never_slower_and_more_variation_never_faster(
    in_flight: int, wall_s: float, share: float, servers: int
) -> None:
    service_s = share * wall_s
    rps = closed_rps(in_flight, wall_s, service_s, servers)
    assert closed_rps(in_flight + 1, wall_s, service_s, servers) >= rps * (1 - 1e-6)
    assert closed_rps(in_flight, wall_s, service_s, servers, 0) >= rps * (1 - 1e-6)
