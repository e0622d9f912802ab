"""Parts of a lane: a round, a stretch, and quantities over time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.inference.deciles import DECILES, shifts
from dashboard.analysis.samples import over_time, server_side
from dashboard.analysis.samples.lane_samples import Lane, collect
from dashboard.analysis.samples.percentiles import percentiles_ms, response_ms
from dashboard.analysis.samples.window import (
    Stretch,
    newest_round,
    of_round,
    within,
    without_rounds,
)
from dashboard.wire import frame
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.units import NS_PER_MS as MS

Rows = list[dict[str, int]]


def lane_of(rounds: dict[int, Rows], health: Rows | None = None) -> Lane:
    """Return a lane with these samples by round, and health in round 1; stamps in ns."""
    frames = [_encoded("samples", number, rows) for number, rows in rounds.items()]
    if health:
        frames.append(_encoded("health", 1, health))
    (lane,) = collect(frames, 1)
    return lane


def _encoded(kind: str, number: int, rows: Rows) -> bytes:
    columns = frame.rows_to_columns(kind, rows)
    return frame.encode(kind, lane=0, round=number, origin_ns=0, columns=columns)


def sample(due_ms: float, done_ms: float, error: int = 0) -> dict[str, int]:
    return {
        "due": int(due_ms * MS),
        "done": int(done_ms * MS),
        "error": error,
        "status": 200,
        "request": 0,
    }


def test_a_stretch_takes_what_was_done_in_it_its_end_left_out() -> None:
    lane = lane_of({1: [sample(0, 10), sample(0, 20)], 2: [sample(0, 15), sample(0, 30)]})
    samples = within(lane, Stretch(10, 20)).samples
    assert sorted(samples["done"] // MS) == [10, 15]
    assert sorted(samples["round"]) == [1, 2]


def test_rounds_are_kept_apart() -> None:
    lane = lane_of({1: [sample(0, 10)], 3: [sample(0, 30), sample(0, 31)]})
    assert of_round(lane, 3).samples["done"].size == 2
    assert of_round(lane, 2).samples["done"].size == 0
    assert without_rounds(lane, [3]).samples["done"].size == 1
    assert without_rounds(lane, []) is lane
    assert newest_round([lane]) == 3
    assert newest_round([lane_of({})]) == 1


@pytest.mark.parametrize("size", [1, 2, 99, 100, 1001])
def test_percentiles_are_by_nearest_rank(size: int) -> None:
    values = np.sort(np.random.default_rng(size).random(size))
    for percent in (1, 50, 95, 100):
        expected = values[max(int(np.ceil(round(percent * size / 100, 6))), 1) - 1]
        assert percentiles_ms(values, [percent])[0] == expected
    assert np.isnan(percentiles_ms(np.array([]), [50])[0])


def test_response_times_are_of_what_succeeded() -> None:
    lane = lane_of({1: [sample(5, 10), sample(0, 900, error=4), sample(0, 3)]})
    assert response_ms(lane).tolist() == [3, 5]


def test_each_decile_is_shifted_by_what_was_planted() -> None:
    rng = np.random.default_rng(1)
    rounds = {number: [sample(0, 10 + i) for i in range(10)] for number in range(1, 7)}
    later = {
        number: [sample(0, 12 + i + noise) for i in range(10)]
        for number, noise in zip(rounds, rng.normal(0, 0.1, 6), strict=True)
    }
    shifts_ = shifts(lane_of(rounds), lane_of(later))
    assert [shift.decile for shift in shifts_] == list(DECILES)
    for shift in shifts_:
        assert shift.interval
        assert shift.low_ms < shift.middle_ms < shift.high_ms
        assert shift.low_ms < 2 < shift.high_ms


def test_few_rounds_have_no_interval_but_their_own_ends() -> None:
    baseline = lane_of({1: [sample(0, 10)], 2: [sample(0, 10)]})
    lane = lane_of({1: [sample(0, 11)], 2: [sample(0, 14)], 3: [sample(0, 99)]})
    shift = shifts(baseline, lane)[0]
    assert (shift.low_ms, shift.middle_ms, shift.high_ms, shift.interval) == (1, 2.5, 4, False)
    assert shifts(baseline, lane_of({4: [sample(0, 1)]})) == []


def test_instants_are_numbers_that_a_person_would_choose() -> None:
    assert over_time.instants_ms(0, 950)[:3].tolist() == [0, 10, 20]
    assert over_time.instants_ms(0, 950)[-1] == 950
    assert over_time.instants_ms(123, 187, most=10).tolist() == [
        120,
        130,
        140,
        150,
        160,
        170,
        180,
        190,
    ]
    assert over_time.step_ms(101, 100) == 2


def test_in_flight_done_and_median_agree_with_counting() -> None:
    rng = np.random.default_rng(2)
    due = rng.integers(0, 500, 300)
    done = due + rng.integers(1, 400, 300)
    lane = lane_of({1: [sample(*pair) for pair in zip(due.tolist(), done.tolist(), strict=True)]})
    at_ms = over_time.instants_ms(0, 900)
    flying = over_time.in_flight(lane, at_ms)
    rates = over_time.done_per_s(lane, at_ms)
    medians = over_time.median_ms(lane, at_ms)
    assert np.isnan(rates[0])
    for point, at in enumerate(at_ms):
        assert flying[point] == ((due <= at) & (done > at)).sum()
        if not point:
            continue
        here = (done > at_ms[point - 1]) & (done <= at)
        assert rates[point] == pytest.approx(here.sum() * 1000 / (at - at_ms[point - 1]))
        took = np.sort((done - due)[here])
        if took.size:
            assert medians[point] == took[max(int(np.ceil(took.size / 2)), 1) - 1]
        else:
            assert np.isnan(medians[point])


def test_the_load_is_summed_over_processes_and_holds_a_while() -> None:
    base = {"process": 1, "in_app": 2, "loop_lag": 4 * MS, "threads": 3, "cpu": 0}
    other = {**base, "process": 2, "in_app": -1, "loop_lag": 9 * MS, "threads": 5}
    health = [
        {**base, "at": 0},
        {**base, "at": 50 * MS, "cpu": 25 * MS},
        *({**other, "at": at * MS} for at in (0, 50)),
    ]
    lane = lane_of({1: [sample(0, 1)]}, health)
    at_ms = np.array([0.0, 50, 100, 1000])
    assert over_time.load(lane, "threads", at_ms)[:3].tolist() == [8, 8, 8]
    assert over_time.load(lane, "in_app", at_ms)[:3].tolist() == [2, 2, 2]
    assert over_time.load(lane, "loop_lag", at_ms)[:3].tolist() == [9, 9, 9]
    cpu = over_time.load(lane, "cpu", at_ms)
    assert np.isnan(cpu[[0, 3]]).all()
    assert cpu[1:3].tolist() == [50, 50]
    assert np.isnan(over_time.load(lane, "threads", at_ms)[3])


READINGS = st.lists(
    st.tuples(
        st.integers(1, 3),  # process
        st.integers(0, 20),  # when, in steps of 50 ms
        st.sampled_from([None, None, 10, 20, 30]),  # what was read; None: it could not be
    ),
    min_size=1,
    max_size=40,
)


@given(READINGS, st.sampled_from(["rss", "threads"]))
def test_a_sum_is_of_every_process_that_is_there_or_it_is_not_known(
    readings: list[tuple[int, int, int | None]], measure: str
) -> None:
    health = [
        {"process": process, "at": step * 50 * MS, measure: UNKNOWN if read is None else read}
        for process, step, read in {
            (reading[0], reading[1]): reading for reading in readings
        }.values()
    ]
    lane = lane_of({1: [sample(0, 1)]}, health)
    at_ms = np.arange(0, 1001, 50.0)
    for at, total in zip(at_ms, over_time.load(lane, measure, at_ms), strict=True):
        there = {row["process"] for row in health if row["at"] <= at * MS}
        latest = [
            max(
                (row for row in health if row["process"] == process and _holds(row, measure, at)),
                key=lambda row: row["at"],
                default=None,
            )
            for process in there
        ]
        if not there or None in latest:
            assert np.isnan(total)
        else:
            assert total == sum(row[measure] for row in latest if row)


def _holds(row: dict[str, int], measure: str, at_ms: float) -> bool:
    age_ms = at_ms - row["at"] / MS
    return row[measure] != UNKNOWN and 0 <= age_ms < over_time.HOLDS_MS


def test_a_peak_without_a_process_is_not_known() -> None:
    rows = [
        {"process": 1, "at": 0, "rss": 25 * 2**20, "threads": 1},
        {"process": 2, "at": 0, "in_app": 1},
    ]
    lane = lane_of({1: [sample(0, 1)]}, rows)
    side = server_side.server_side(lane)
    assert (side["peak_rss_mb"], side["peak_threads"]) == (None, None)
    lane = lane_of({1: [sample(0, 1)]}, [*rows, {**rows[0], "process": 2, "at": 1}])
    assert server_side.server_side(lane)["peak_rss_mb"] == 50
