"""All lateness is charged: whatever stalled the generator, the truth lies within the bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.report.report import ReportContext, make_report
from dashboard.analysis.samples.lane_samples import Lane as Collected
from dashboard.analysis.samples.lane_samples import collect
from dashboard.analysis.samples.lateness import Lateness, ends_by_round
from dashboard.analysis.samples.rounds import by_round
from dashboard.wire import frame
from dashboard.wire.plan.plan import Burst, Lane, Load, Plan, Rate
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.late_engine import Row, Server, Stall, burst, lateness, rate
from tests.properties import examples

REQUESTS, SLOTS, EVERY_MS = 40, 10, 12.5
RATE = Rate(1000 / EVERY_MS, REQUESTS * EVERY_MS / 1000, False, 1000)
HEARD_MS = 7.0  # as long a stall holds a whole beat, and more than a millisecond of it


def stalls_of(lengths_ms: Sequence[float], gaps_ms: Sequence[float]) -> list[Stall]:
    at, stalls = 0.0, []
    for length_ms, gap_ms in zip(lengths_ms, gaps_ms, strict=False):
        stalls.append((at + gap_ms, at + gap_ms + length_ms))
        at = stalls[-1][1]
    return stalls


def stalls(least_ms: float, most_ms: float = 60) -> st.SearchStrategy[list[Stall]]:
    lengths = st.lists(st.floats(least_ms, most_ms), max_size=5)
    gaps = st.lists(st.floats(0.1, 150), min_size=5, max_size=5)
    return st.builds(stalls_of, lengths, gaps)


servers = st.builds(
    Server,
    st.integers(1, 12),
    st.lists(st.floats(1, 40), min_size=REQUESTS, max_size=REQUESTS),
)


def frames(lane: int, rounds: Mapping[int, Sequence[Row]]) -> list[bytes]:
    return [
        frame.encode(
            *("samples",),
            lane=lane,
            round=number,
            origin_ns=0,
            columns=frame.rows_to_columns("samples", rows),
        )
        for number, rows in rounds.items()
    ]


def one_lane(rows: Sequence[Row]) -> Collected:
    (lane,) = collect(frames(0, {1: rows}), 1)
    return lane


def assert_true_between(
    true: Sequence[Row], late_rounds: Sequence[Row], late: Lateness, load: Load
) -> None:
    lane = one_lane(late_rounds)
    measured = by_round(lane, load)
    low, high = ends_by_round(lane, load, measured, {1: late})[1]
    truth = by_round(one_lane(true), load)[1]
    assert low <= truth * (1 + 1e-9) + 1e-9
    assert truth <= high * (1 + 1e-9)
    assert low <= measured[1] <= high


@given(servers, stalls(HEARD_MS))
def test_a_bursts_true_makespan_lies_between_its_ends(server: Server, planted: list[Stall]) -> None:
    late_rounds = burst(server, SLOTS, planted)
    load = Burst(REQUESTS, SLOTS)
    assert_true_between(burst(server, SLOTS), late_rounds, lateness(late_rounds, planted), load)


@given(servers, stalls(0.01, 10))
def test_work_too_short_for_a_beat_is_charged_by_its_cpu_time(
    server: Server, planted: list[Stall]
) -> None:
    late_rounds = burst(server, SLOTS, planted)
    cpu_ms = sum(end - begin for begin, end in planted)
    load = Burst(REQUESTS, SLOTS)
    assert_true_between(
        burst(server, SLOTS), late_rounds, lateness(late_rounds, planted, cpu_ms), load
    )


@given(servers, stalls(HEARD_MS))
def test_a_rates_true_p95_lies_between_its_ends(server: Server, planted: list[Stall]) -> None:
    late_rounds = rate(server, EVERY_MS, planted)
    assert_true_between(rate(server, EVERY_MS), late_rounds, lateness(late_rounds, planted), RATE)


def test_an_engine_that_was_always_at_hand_is_charged_nothing() -> None:
    server = Server(4, [10.0] * REQUESTS)
    for rows, load in ((burst(server, SLOTS), Burst(REQUESTS, SLOTS)), (rate(server, 5), RATE)):
        lane = one_lane(rows)
        measured = by_round(lane, load)
        (ends,) = ends_by_round(lane, load, measured, {1: lateness(rows, [])}).values()
        assert ends == pytest.approx((measured[1], measured[1]))


def test_an_engine_that_worked_all_the_time_may_have_made_all_of_it() -> None:
    rows = burst(Server(4, [10.0] * REQUESTS), SLOTS)
    lane, load = one_lane(rows), Burst(REQUESTS, SLOTS)
    over_ns = max(row["done"] for row in rows)
    (ends,) = ends_by_round(
        lane, load, by_round(lane, load), {1: Lateness((), over_ns, over_ns)}
    ).values()
    assert ends == pytest.approx((0, 2 * over_ns / 1e9))


def test_one_stall_of_a_rate_costs_those_it_held_and_those_behind_them_alone() -> None:
    """A stall of 30 ms does not affect answers after an idle moment."""
    server, planted = Server(1, [10.0] * REQUESTS), [(100.0, 130.0)]
    late_rounds = rate(server, EVERY_MS, planted)
    lane = one_lane(late_rounds)
    low, high = ends_by_round(
        lane, RATE, by_round(lane, RATE), {1: lateness(late_rounds, planted)}
    )[1]
    assert high - low > 10  # behind the stall nothing is idle for long: it is a busy server
    planted = [(100.0, 107.0)]
    idle = rate(Server(8, [1.0] * REQUESTS), EVERY_MS, planted)
    lane = one_lane(idle)
    ends = ends_by_round(lane, RATE, by_round(lane, RATE), {1: lateness(idle, planted)})
    assert ends[1] == pytest.approx((1, 1))


def test_what_waited_for_a_connection_of_a_full_pool_is_not_the_engines() -> None:
    rows = [
        {**row, "sent_first": row["due"] + 50 * MS, "sent": row["due"] + 50 * MS,
         "done": row["due"] + 60 * MS}
        for row in rate(Server(8, [1.0] * REQUESTS), EVERY_MS)
    ]  # fmt: skip
    lane = one_lane(rows)
    ends = ends_by_round(lane, RATE, by_round(lane, RATE), {1: Lateness((), 0, 10**9, 2 * MS)})
    assert ends[1] == pytest.approx((58, 62))


def test_a_round_of_which_nothing_is_known_has_no_ends() -> None:
    lane = one_lane(burst(Server(4, [10.0] * REQUESTS), SLOTS))
    load = Burst(REQUESTS, SLOTS)
    assert ends_by_round(lane, load, by_round(lane, load), {}) == {}


# A whole run


def run_of(
    lanes: Sequence[Sequence[Sequence[Row]]], load: Load, **context: Any
) -> tuple[Any, list[float] | None]:
    """Return the report of two lanes, and the interval of the second."""
    plan = Plan(
        scenario="planted",
        lanes=(Lane.parse("sync@daphne"), Lane.parse("async@daphne")),
        load=load,
        rounds=len(lanes[0]),
        seed=1,
        parameters={},
        timeout_s=30,
    )
    data = [
        frame_bytes
        for position, rounds in enumerate(lanes)
        for frame_bytes in frames(position, dict(enumerate(rounds, 1)))
    ]
    report = make_report(plan, ReportContext("r", "finished", {}, **context), data)
    assert report["verdict"] is not None
    return report, report["verdict"]["comparisons"][0]["interval"]


Rounds = list[list[Row]]


def planted_rounds(
    draw: np.random.Generator, middle_ms: float, rounds: int, closed: bool
) -> tuple[Rounds, Rounds, dict[int, Lateness]]:
    """Return a lane's rounds, the same with stalls, and how late these were."""
    servers = [Server(6, list(draw.exponential(middle_ms, REQUESTS) + 5)) for _ in range(rounds)]
    planted = [
        stalls_of(list(draw.uniform(HEARD_MS, 40, 3)), list(draw.exponential(40, 3)))
        for _ in range(rounds)
    ]

    def fired(server: Server, stalls: Sequence[Stall] = ()) -> list[Row]:
        return burst(server, SLOTS, stalls) if closed else rate(server, EVERY_MS, stalls)

    late = [fired(*pair) for pair in zip(servers, planted, strict=True)]
    readings = [lateness(*pair) for pair in zip(late, planted, strict=True)]
    return [fired(server) for server in servers], late, dict(enumerate(readings, 1))


@examples(25)
@given(st.integers(0, 10**6), st.integers(5, 14), st.booleans())
def test_the_worst_case_holds_the_interval_of_the_true_ratios(
    seed: int, rounds: int, closed: bool
) -> None:
    load: Load = Burst(REQUESTS, SLOTS) if closed else RATE
    draw = np.random.default_rng(seed)
    middles_ms = 20, 20 * draw.uniform(0.3, 1.5)
    lanes = [planted_rounds(draw, middle_ms, rounds, closed) for middle_ms in middles_ms]
    true, late_rounds = [lane[0] for lane in lanes], [lane[1] for lane in lanes]
    late = [lane[2] for lane in lanes]
    _, interval = run_of(true, load)
    report, worst = run_of(late_rounds, load, disturbed_reason="it was late", lateness=late)
    assert interval is not None
    if worst is None:  # as late as it was fast: nothing follows
        assert report["verdict"]["comparisons"][0]["answer"] == "not-trusted"
        return
    assert worst[0] <= interval[0] * (1 + 1e-9)
    assert interval[1] <= worst[1] * (1 + 1e-9)
    (comparison,) = report["verdict"]["comparisons"]
    measured = comparison["measured_interval"]
    assert worst[0] <= measured[0] <= comparison["ratio"] <= measured[1] <= worst[1]
    assert report["verdict"]["disturbed"]["intervals"] == {"async@daphne": worst}
    for lane in report["lanes"]:
        ends = zip(lane["worst_case"]["low"], lane["worst_case"]["high"], strict=True)
        metric = lane[report["verdict"]["metric"]]
        assert all(low <= at <= high for (low, high), at in zip(ends, metric, strict=True))


def test_stretches_that_overlap_are_counted_once() -> None:
    rows = burst(Server(4, [10.0] * REQUESTS), SLOTS)
    lane, load = one_lane(rows), Burst(REQUESTS, SLOTS)
    late = Lateness(((0, 10 * MS), (5 * MS, 15 * MS), (15 * MS, 20 * MS), (8 * MS, 9 * MS)), 0, 1)
    ((low, high),) = ends_by_round(lane, load, by_round(lane, load), {1: late}).values()
    assert (high - low) / 2 == pytest.approx(0.02)


def test_stalls_seen_by_the_heartbeat_contain_the_real_ones() -> None:
    planted = [(12.0, 20.0), (41.0, 48.5), (100.0, 160.0)]
    rows = burst(Server(1, [10.0] * REQUESTS), SLOTS, planted)
    recorded = lateness(rows, planted).stalls_ns
    assert len(recorded) == len(planted)
    for (begin, end), (heard_begin, heard_end) in zip(planted, recorded, strict=True):
        assert (begin - 5) * MS <= heard_begin <= begin * MS
        assert heard_end == end * MS
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(recorded))
