"""The predicted capacity: bounds, and more of anything never holds less."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.capacity.predicted import predicted_capacity_rps, predicted_p95_s
from dashboard.analysis.model.view_model import Configuration, Work
from tests.properties import examples

WORKS = st.builds(
    lambda wall_s, share: Work(wall_s=wall_s, cpu_s=share * wall_s),
    st.floats(0.001, 1),
    st.floats(0.001, 0.9),
)
SIZES = st.sampled_from([1, 2, 4, 8, 16])


@examples(100)
@given(work=WORKS, processes=SIZES, threads=SIZES, room=st.floats(1.05, 20))
def test_no_bound_is_exceeded(work: Work, processes: int, threads: int, room: float) -> None:
    configuration = Configuration(processes, threads, cores=2)
    rate = predicted_capacity_rps(work, configuration, room * work.wall_s)
    assert 0 <= rate <= processes * threads / work.wall_s
    assert rate <= min(processes, 2) / work.cpu_s
    assert predicted_p95_s(work, configuration, rate) <= room * work.wall_s * (1 + 1e-9)


@examples(100)
@given(work=WORKS, processes=SIZES, threads=SIZES, room=st.floats(1.05, 20))
def test_more_threads_processes_or_time_never_hold_less(
    work: Work, processes: int, threads: int, room: float
) -> None:
    def rate(processes: int, threads: int | None, room: float) -> float:
        configuration = Configuration(processes, threads, cores=4)
        return predicted_capacity_rps(work, configuration, room * work.wall_s)

    base = rate(processes, threads, room) * (1 - 1e-6)
    assert rate(processes, 2 * threads, room) >= base
    assert rate(2 * processes, threads, room) >= base
    assert rate(processes, threads, 2 * room) >= base
    assert rate(processes, None, room) >= base


def test_nothing_is_held_if_one_request_alone_takes_too_long() -> None:
    work = Work(wall_s=0.3, cpu_s=0.001)
    assert predicted_capacity_rps(work, Configuration(2, 16), 0.2) == 0


def test_a_rate_beyond_the_threads_or_the_cpu_has_no_p95() -> None:
    waits = Work(wall_s=0.1, cpu_s=0.0001)
    assert predicted_p95_s(waits, Configuration(1, 4), 41) == inf
    computes = Work(wall_s=0.01, cpu_s=0.01)
    assert predicted_p95_s(computes, Configuration(1, None), 101) == inf


def test_a_wait_of_100_ms_in_32_threads_holds_less_than_320_per_second() -> None:
    work = Work(wall_s=0.1, cpu_s=0.001)
    rate = predicted_capacity_rps(work, Configuration(2, 16, cores=2), 0.2)
    assert rate == pytest.approx(300, rel=0.07)
