"""What is predicted of a view under another configuration."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.model.view_model import HOP_S, Configuration, Prediction, Work, predict

FOUR = Configuration(threads=4)
WAITS = Work(wall_s=0.1, cpu_s=0.0005)
COMPUTES = Work(wall_s=0.01, cpu_s=0.0095)


def predicted(work: Work, configuration: Configuration, concurrency: int = 32) -> Prediction:
    return predict(work, configuration, concurrency, requests=2 * concurrency)


def test_a_wait_is_limited_by_the_threads() -> None:
    few, many = predicted(WAITS, FOUR), predicted(WAITS, Configuration(threads=32))
    assert few.throughput_rps == pytest.approx(40, rel=0.01)
    assert few.limit == "threads"
    assert few.p95_ms == pytest.approx(800, rel=0.01)  # 32 / 40 s: Little's law
    assert many.throughput_rps == pytest.approx(300, rel=0.1)
    assert many.limit == "requests"
    assert "32 at once, each for 100 ms" in many.formula


def test_a_computation_is_limited_by_the_cores_whatever_the_threads() -> None:
    few, many = predicted(COMPUTES, FOUR), predicted(COMPUTES, Configuration(threads=32))
    assert few.limit == many.limit == "cpu"
    assert many.throughput_rps == pytest.approx(105, rel=0.02)
    assert many.throughput_rps == pytest.approx(few.throughput_rps, rel=0.02)
    assert "9.5 ms of CPU per request on 1 core" in many.formula


@pytest.mark.parametrize(("cores", "times"), [(1, 1.0), (2, 2.0), (8, 4.0)])
def test_processes_compute_on_as_many_cores_as_there_are(cores: int, times: float) -> None:
    processes = Configuration(processes=4, threads=4, cores=cores)
    one = predicted(COMPUTES, FOUR).throughput_rps
    assert predicted(COMPUTES, processes).throughput_rps == pytest.approx(times * one, rel=0.05)


def test_an_event_loop_waits_for_all_at_once_and_pays_for_its_hops() -> None:
    loop = Configuration(hops=16)
    assert predicted(WAITS, loop).throughput_rps < predicted(WAITS, Configuration()).throughput_rps
    empty = Work(wall_s=0.001, cpu_s=0.001)
    expected_rps = 1 / (0.001 + 16 * HOP_S)
    assert predicted(empty, loop).throughput_rps == pytest.approx(expected_rps, rel=0.05)
    assert "with 16 thread hops of 0.08 ms" in predicted(WAITS, loop).formula


def test_another_variant_waits_as_the_lab_toml_states() -> None:
    gathers = Configuration(more_wait_s=-0.08)
    many = predicted(WAITS, Configuration()).throughput_rps
    assert predicted(WAITS, gathers).throughput_rps == pytest.approx(5 * many, rel=0.3)
    least = predicted(WAITS, Configuration(more_wait_s=-1))
    assert least.throughput_rps == pytest.approx(1 / WAITS.cpu_s, rel=0.05)


def test_an_async_view_is_never_predicted_above_a_pool_of_as_many_threads() -> None:
    work = replace(WAITS, database_s=0.09, queries=3)
    loop = predicted(work, Configuration(hops=work.async_hops))
    assert work.async_hops == 5
    assert loop.throughput_rps < predicted(work, Configuration(threads=32)).throughput_rps


def test_contention_that_the_loads_showed_goes_on() -> None:
    locked = replace(WAITS, measured_rps={1: 10.0, 4: 11.0})
    many = predicted(locked, Configuration(threads=32))
    assert many.limit == "contention"
    assert many.throughput_rps < 12
    assert "scalability law of 1 and 4 at once" in many.formula


def test_contention_inside_a_process_is_left_behind_by_another_process() -> None:
    computes = replace(COMPUTES, measured_rps={1: 100.0, 4: 104.0})
    one = predicted(computes, FOUR).throughput_rps
    four = predicted(computes, Configuration(processes=4, threads=4, cores=4)).throughput_rps
    assert one == pytest.approx(104, rel=0.02)
    assert four == pytest.approx(4 * one, rel=0.05)


def test_a_small_loss_is_not_extrapolated() -> None:
    noisy = replace(WAITS, measured_rps={1: 10.0, 4: 37.0})
    many = Configuration(threads=32)
    assert noisy.contention is None
    assert predicted(noisy, many) == predicted(WAITS, many)
    assert replace(WAITS, measured_rps={4: 37.0}).contention is None


works = st.builds(
    lambda wall_s, share, scv: Work(wall_s=wall_s, cpu_s=share * wall_s, scv=scv),
    st.floats(1e-4, 5),
    st.floats(0, 1),
    st.floats(0, 1),
)


@given(works, st.integers(1, 256), st.integers(1, 10), st.integers(1, 8), st.integers(1, 8))
def test_the_asymptotic_bounds_hold(
    work: Work, concurrency: int, waves: int, processes: int, cores: int
) -> None:
    configuration = Configuration(processes, threads=4, cores=cores)
    found = predict(work, configuration, concurrency, waves * concurrency)
    in_application = min(concurrency, 4 * processes)
    assert found.throughput_rps <= in_application / work.wall_s * (1 + 1e-9)
    assert found.throughput_rps * work.cpu_s <= min(processes, cores) * (1 + 1e-9)
    assert found.p95_ms >= 1000 * work.wall_s * (1 - 1e-9)


@given(works, st.integers(1, 64), st.integers(2, 128))
def test_more_threads_are_never_predicted_to_be_much_slower(
    work: Work, threads: int, concurrency: int
) -> None:
    # The last burst's edge may cost something: its workers begin one after the other.
    few = predict(work, Configuration(threads=threads), concurrency, 10 * concurrency)
    more = predict(work, Configuration(threads=2 * threads), concurrency, 10 * concurrency)
    assert more.throughput_rps >= 0.85 * few.throughput_rps
