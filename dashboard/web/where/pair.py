"""Two sampled lanes side by side, as the templates show them."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.analysis.text.causes.lines import STATE_CAPTIONS
from dashboard.analysis.where.side_by_side import (
    LineDifference,
    StateDifference,
    by_state,
    side_by_side,
)
from dashboard.web.shared.format import UNKNOWN, format_ms
from dashboard.wire.report.where import LaneWhere

MAX_ROWS = 12
LEAST_SHARE = 0.005  # of the greater lane's time per request: below that, looks differ by chance
UNSEEN = "not seen"


@dataclass(frozen=True)
class PairRow:
    """A line, or a state, in both lanes; times are per request."""

    name: str
    detail: str
    state: str
    first: str
    second: str
    difference: str


@dataclass(frozen=True)
class Pair:
    """Two lanes by their letters."""

    first: str
    second: str
    sentence: str
    states: tuple[PairRow, ...]
    lines: tuple[PairRow, ...]


def pair_of(first: tuple[str, LaneWhere], second: tuple[str, LaneWhere]) -> Pair:
    """Return two lanes, each with its letter, side by side."""
    letters, lanes = (first[0], second[0]), (first[1], second[1])
    states = by_state(*lanes)
    whole_ms = max(sum(each.first_ms for each in states), sum(each.second_ms for each in states))
    lines = [
        line
        for line in side_by_side(*lanes)
        if abs(line.difference_ms) >= LEAST_SHARE * whole_ms and line.difference_ms
    ]
    return Pair(
        *letters,
        sentence=_sentence(letters, lines),
        states=tuple(_state_row(each) for each in states if each.first_ms or each.second_ms),
        lines=tuple(_line_row(line) for line in lines[:MAX_ROWS]),
    )


def _sentence(letters: tuple[str, str], lines: list[LineDifference]) -> str:
    if not lines:
        return f"{letters[0]} and {letters[1]} spent their time in the same lines."
    line = lines[0]
    more, less = (1, 0) if line.difference_ms > 0 else (0, 1)
    other_ms = (line.first_ms, line.second_ms)[less]
    than = f"more than {letters[less]}" if other_ms else f"that {letters[less]} does not"
    return (
        f"{letters[more]} spent {format_ms(abs(line.difference_ms))} per request"
        f" {_at(line)} {than}."
    )


def _at(line: LineDifference) -> str:
    if not line.path:
        return "outside the project"
    leaf = f" in {line.leaf}" if line.leaf else ""
    return f"at {line.path}:{line.line}{leaf}"


def _line_row(line: LineDifference) -> PairRow:
    return PairRow(
        name=f"{line.path}:{line.line}" if line.path else "outside the project",
        detail=" · ".join(filter(None, [line.function, line.leaf])),
        state=STATE_CAPTIONS[line.state],
        first=_time(line.first_ms),
        second=_time(line.second_ms),
        difference=_signed(line.difference_ms),
    )


def _state_row(state: StateDifference) -> PairRow:
    return PairRow(
        name=STATE_CAPTIONS[state.state],
        detail="",
        state="",
        first=format_ms(state.first_ms),
        second=format_ms(state.second_ms),
        difference=_signed(state.difference_ms),
    )


def _time(value_ms: float | None) -> str:
    return UNSEEN if value_ms is None else format_ms(value_ms)


def _signed(value_ms: float) -> str:
    """Return a difference with its sign: +4.00 ms, −1.20 s, 0 ms."""
    if value_ms == 0:
        return UNKNOWN
    return f"{'+' if value_ms > 0 else '−'}{format_ms(abs(value_ms))}"
