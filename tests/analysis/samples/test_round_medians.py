"""The medians of a round during the run are those of its report."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dashboard.analysis.samples.lane_samples import collect
from dashboard.analysis.samples.round_medians import RoundMedians
from dashboard.analysis.samples.rounds import smallest_medians_ms
from dashboard.wire import frame
from dashboard.wire.units import NS_PER_MS as MS

ORIGIN_NS = 10**15


def answers(lane: int, round: int, lengths_ms: Sequence[int], error: int = 0) -> bytes:
    rows = [
        {
            "request": number,
            "due": 5 * MS,
            "done": (5 + length_ms) * MS,
            "status": 200,
            "error": error,
        }
        for number, length_ms in enumerate(lengths_ms)
    ]
    columns = frame.rows_to_columns("samples", rows)
    return frame.encode("samples", lane=lane, round=round, origin_ns=ORIGIN_NS, columns=columns)


def test_the_smallest_median_is_of_the_successful_requests_of_the_round() -> None:
    rounds = {
        1: [answers(0, 1, [100] * 9), answers(1, 1, [30] * 5), answers(1, 1, [50] * 3)],
        2: [answers(1, 2, [80] * 9), answers(0, 2, [60] * 9), answers(0, 2, [1] * 20, error=7)],
        3: [answers(0, 3, [5] * 9, error=7)],
    }
    warm_up = answers(0, 0, [1] * 9)
    expected = {1: pytest.approx(30.0), 2: pytest.approx(60.0), 3: None}

    medians, smallest_ms = RoundMedians(), {}
    for number, frames in rounds.items():
        for data in (warm_up, *frames):
            medians.take(frame.decode(data))
        smallest_ms[number] = medians.take_smallest_ms()
    assert smallest_ms == expected
    assert medians.take_smallest_ms() is None

    of_the_run = [data for frames in rounds.values() for data in (warm_up, *frames)]
    assert smallest_medians_ms(collect(of_the_run, 2)) == expected
