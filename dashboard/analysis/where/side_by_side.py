"""Two lanes of one load side by side: what the one spends per request and the other does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from dashboard.wire.report.where import STATES, LaneWhere, State, TimeByState

from .times import main_state, outside, per_request, times_of, total_ms

Place: TypeAlias = tuple[str, int, str, str]  # path, line, function, leaf
OUTSIDE_PLACE: Place = ("", 0, "", "")


@dataclass(frozen=True)
class LineDifference:
    """A line in two lanes, in milliseconds per request; None if a lane was never seen there.

    An empty `path` is the time outside the project. `state` is the one that differs most.
    """

    path: str
    line: int
    function: str
    leaf: str
    state: State
    first_ms: float | None
    second_ms: float | None

    @property
    def difference_ms(self) -> float:
        """By how much the second lane spends more; negative: less."""
        return (self.second_ms or 0.0) - (self.first_ms or 0.0)


@dataclass(frozen=True)
class StateDifference:
    """The time of one state in two lanes, in milliseconds per request."""

    state: State
    first_ms: float
    second_ms: float

    @property
    def difference_ms(self) -> float:
        """By how much the second lane spends more; negative: less."""
        return self.second_ms - self.first_ms


def by_state(first: LaneWhere, second: LaneWhere) -> list[StateDifference]:
    """Return the difference in each state, in the order of STATES."""
    return [
        StateDifference(
            state, per_request(first["ms"][state], first), per_request(second["ms"][state], second)
        )
        for state in STATES
    ]


def side_by_side(first: LaneWhere, second: LaneWhere) -> list[LineDifference]:
    """Return each line of either lane, the greatest difference first."""
    by_place = _by_place(first), _by_place(second)
    places = dict.fromkeys([*by_place[0], *by_place[1]])
    differences = [_difference(place, *(each.get(place) for each in by_place)) for place in places]
    return sorted(differences, key=lambda line: (-abs(line.difference_ms), line.path, line.line))


def _difference(
    place: Place, first: TimeByState | None, second: TimeByState | None
) -> LineDifference:
    nothing = times_of({})
    changes = {
        state: abs((second or nothing)[state] - (first or nothing)[state]) for state in STATES
    }
    return LineDifference(
        *place,
        state=main_state(times_of(changes)),
        first_ms=total_ms(first) if first else None,
        second_ms=total_ms(second) if second else None,
    )


def _by_place(lane: LaneWhere) -> dict[Place, TimeByState]:
    """Return milliseconds per request by line, and of what is outside the project if anything."""
    places = {
        (line["path"], line["line"], line["function"], line["leaf"]): line["ms"]
        for line in lane["lines"]
    }
    rest = outside(lane)
    if total_ms(rest) > 0:
        places[OUTSIDE_PLACE] = rest
    return {
        place: times_of({state: per_request(times[state], lane) for state in STATES})
        for place, times in places.items()
    }
