"""Two lanes side by side: what the one spends per request and the other does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from dashboard.analysis.where.lane_where import lane_where
from dashboard.analysis.where.side_by_side import by_state, side_by_side
from dashboard.analysis.where.source import ProjectSource
from dashboard.analysis.where.times import total_ms
from dashboard.wire.report.where import LaneWhere
from dashboard.wire.traces.looks import Looks

from .looks import any_looks, frame, looks

SHARED, OWN = frame("work", "shop/work.py", 3), frame("report", line=10)


def lane(seen: Looks) -> LaneWhere:
    return lane_where(seen, "a@b", ProjectSource(Path("/nowhere")))


def test_a_line_that_one_lane_never_was_in_has_no_time_there() -> None:
    first = lane(looks([("blocking", [SHARED], 4.0), ("cpu", [OWN], 6.0)], requests=2))
    second = lane(looks([("blocking", [SHARED], 4.0)], requests=1))
    lines = side_by_side(first, second)
    assert [(line.path, line.line, line.first_ms, line.second_ms) for line in lines] == [
        ("shop/views.py", 10, 3.0, None),
        ("shop/work.py", 3, 2.0, 4.0),
    ]
    assert [line.difference_ms for line in lines] == [-3.0, 2.0]
    assert [line.state for line in lines] == ["cpu", "blocking"]


@given(any_looks, any_looks)
def test_the_differences_of_lines_add_up_to_those_of_the_states(
    first: Looks, second: Looks
) -> None:
    lanes = lane(first), lane(second)
    lines_ms = sum(line.difference_ms for line in side_by_side(*lanes))
    states_ms = sum(state.difference_ms for state in by_state(*lanes))
    assert lines_ms == pytest.approx(states_ms, abs=1e-6)


@given(any_looks)
def test_a_lane_beside_itself_differs_nowhere(seen: Looks) -> None:
    assert all(line.difference_ms == 0 for line in side_by_side(lane(seen), lane(seen)))


@given(any_looks, any_looks)
def test_changing_sides_changes_the_sign(first: Looks, second: Looks) -> None:
    there = side_by_side(lane(first), lane(second))
    back = side_by_side(lane(second), lane(first))
    assert sorted(line.difference_ms for line in there) == pytest.approx(
        sorted(-line.difference_ms for line in back)
    )


def test_lanes_without_requests_are_no_division_by_zero() -> None:
    nothing = lane(looks([], requests=0))
    assert side_by_side(nothing, nothing) == []
    assert total_ms(nothing["ms"]) == 0
