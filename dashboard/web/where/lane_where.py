"""Where one lane spent its time, as the templates show it."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.analysis.text.causes.lines import STATE_CAPTIONS, place_of, share_text
from dashboard.analysis.text.sampler import sampler_text
from dashboard.analysis.where.times import main_state, outside, total_ms
from dashboard.web.shared.code import Line as CodeLine
from dashboard.web.shared.code import highlighted
from dashboard.web.shared.format import format_ms
from dashboard.wire.plural import counted
from dashboard.wire.report.where import LaneWhere, Line, TimeByState

from .flame_graph import FlameGraph, flame_graph
from .states import Part, StateTime, parts, state_times

MAX_LINES = 12
OPEN_LISTINGS = 3  # shown at once; the others are folded
OUTSIDE = "outside the project"


@dataclass(frozen=True)
class LineRow:
    """A row of the table: a line, or the time outside the project, which has no `place`."""

    place: str
    function: str
    leaf: str
    share: str
    ms: str
    requests: str
    parts: tuple[Part, ...]
    states: tuple[StateTime, ...]


@dataclass(frozen=True)
class Listing:
    """The source around a line; `numbered` are its lines with their numbers."""

    place: str
    leaf: str
    share: str
    number: int
    numbered: tuple[tuple[int, CodeLine], ...]


@dataclass(frozen=True)
class LaneSection:
    """All about one lane."""

    position: int
    letter: str
    name: str
    family: str
    sentence: str
    total: str
    rows: tuple[LineRow, ...]
    left_out: str  # lines that are not in the table; empty: none
    listings: tuple[Listing, ...]
    folded: tuple[Listing, ...]
    flame: FlameGraph | None
    sampler: str
    limits: tuple[str, ...]


def lane_section(position: int, letter: str, family: str, lane: LaneWhere) -> LaneSection:
    """Return a sampled lane for the templates."""
    lines = lane["lines"][:MAX_LINES]
    listings = tuple(_listing(line) for line in lines if line["source"])
    return LaneSection(
        position=position,
        letter=letter,
        name=lane["lane"],
        family=family,
        sentence=_sentence(lane),
        total=f"{format_ms(total_ms(lane['ms']))} of {counted(lane['requests'], 'request')}",
        rows=tuple(_rows(lane, lines)),
        left_out=_left_out(lane["lines"][MAX_LINES:]),
        listings=listings[:OPEN_LISTINGS],
        folded=listings[OPEN_LISTINGS:],
        flame=flame_graph(lane),
        sampler=sampler_text(lane["sampler"]),
        limits=tuple(lane["sampler"]["limits"]),
    )


def _sentence(lane: LaneWhere) -> str:
    """Return what the first line shows, or why there is none."""
    if not lane["sampler"]["looks"] or total_ms(lane["ms"]) <= 0:
        return "Nothing was seen: no request was in a view when the sampler looked."
    if not lane["lines"]:
        return "All of the time was spent outside the project: no line of it was seen."
    line = lane["lines"][0]
    doing = f"in {line['leaf']}, " if line["leaf"] else ""
    state = STATE_CAPTIONS[main_state(line["ms"])]
    share = share_text(line["share"])
    return f"{share} of the time in views was spent at {place_of(line)}, {doing}{state}."


def _rows(lane: LaneWhere, lines: list[Line]) -> list[LineRow]:
    whole_ms = total_ms(lane["ms"])
    rows = [
        _row((place_of(line), line["function"], line["leaf"]), line["ms"], whole_ms, line)
        for line in lines
    ]
    rest = outside(lane)
    if total_ms(rest) >= 0.005 * whole_ms > 0:
        rows.append(_row(("", OUTSIDE, ""), rest, whole_ms, None))
    return rows


def _row(
    names: tuple[str, str, str], times: TimeByState, whole_ms: float, line: Line | None
) -> LineRow:
    place, function, leaf = names
    line_ms = total_ms(times)
    return LineRow(
        place=place,
        function=function,
        leaf=leaf,
        share=share_text(line_ms / whole_ms) if whole_ms > 0 else "–",
        ms=format_ms(line_ms),
        requests=f"{line['requests']:,}" if line else "–",
        parts=parts(times, whole_ms),
        states=state_times(times),
    )


def _left_out(lines: list[Line]) -> str:
    if not lines:
        return ""
    share = share_text(sum(line["share"] for line in lines))
    return f"{counted(len(lines), 'more line')} with {share} of the time, in the exports."


def _listing(line: Line) -> Listing:
    code = highlighted("\n".join(line["source"]))
    first = line["source_from"]
    numbered = tuple(
        (number, CodeLine(html, differs=number == line["line"]))
        for number, html in enumerate(code, start=first)
    )
    share = share_text(line["share"])
    return Listing(place_of(line), line["leaf"], share, line["line"], numbered)
