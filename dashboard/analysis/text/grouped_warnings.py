"""Warnings as they are shown: those that say the same of several firings are one line.

The report keeps each of them, since a program may want to know the figure of each firing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dashboard.wire.plural import counted

Kind: TypeAlias = tuple[str | None, ...]

PLACE = re.compile(r"(?P<lane>[^\s,]+@\S+), round (?P<round>\d+): ")  # as `RunContext.place`
FIGURE = re.compile(r"(?<![\w.,@:/-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w@:/-]|[.,]\d)")


@dataclass(frozen=True)
class _Warning:
    """A warning about one firing: where it was, and the message."""

    lane: str
    round: int
    message: str


def kind_of(warning: str) -> Kind:
    """Return what warnings of one kind have in common: the text without place and figures.

    Only those of a firing have a kind that differs from their text.
    """
    placed = PLACE.match(warning)
    return (None, *FIGURE.split(warning[placed.end() :])) if placed else (warning,)


def grouped_warnings(warnings: Sequence[str]) -> list[str]:
    """Return a line per kind of warning, in the order of the first of each.

    "5 firings: the host took 6.1 to 14.3 % of the CPU time away (a@x, rounds 1 and 3–5; …)".
    Figures that differ are a range; warnings of no firing, or of a single one, are as they were.
    """
    groups: dict[Kind, list[str]] = {}
    for warning in warnings:
        groups.setdefault(kind_of(warning), []).append(warning)
    return [_line(group) for group in groups.values()]


def _line(group: Sequence[str]) -> str:
    first, *others = dict.fromkeys(group)
    if not others:
        return first
    warnings = [_placed(warning) for warning in (first, *others)]
    message = _in_ranges([warning.message for warning in warnings])
    return f"{counted(len(warnings), 'firing')}: {message.rstrip('.')} ({_places(warnings)})."


def _placed(warning: str) -> _Warning:
    place = PLACE.match(warning)
    if place is None:
        raise ValueError(f"expected a warning of a firing, found {warning!r}")
    return _Warning(place["lane"], int(place["round"]), warning[place.end() :])


def _in_ranges(messages: Sequence[str]) -> str:
    """Return messages of one kind as one, in which each figure that differs is a range."""
    figures = iter(zip(*(FIGURE.findall(message) for message in messages), strict=True))
    return FIGURE.sub(lambda _: _range(next(figures)), messages[0])


def _range(figures: Sequence[str]) -> str:
    """Return "7" for equal figures, else "6.1 to 14.3"."""
    low, *_, high = sorted(figures, key=lambda figure: float(figure.replace(",", "")))
    return low if low == high else f"{low} to {high}"


def _places(warnings: Sequence[_Warning]) -> str:
    """Return "a@x, rounds 1 and 3–5; b@y, round 2"."""
    rounds: dict[str, list[int]] = {}
    for warning in warnings:
        rounds.setdefault(warning.lane, []).append(warning.round)
    return "; ".join(f"{lane}, {_rounds(sorted(of_lane))}" for lane, of_lane in rounds.items())


def _rounds(numbers: Sequence[int]) -> str:
    """Return "round 2", "rounds 1 and 3–5": three or more that follow each other are a range."""
    texts = [text for run in _runs(numbers) for text in _run_texts(run)]
    *most, last = texts
    words = f"{', '.join(most)} and {last}" if most else last
    return f"{'round' if len(numbers) == 1 else 'rounds'} {words}"


def _runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Yield what follows each other without a gap."""
    run: list[int] = []
    for number in numbers:
        if run and number != run[-1] + 1:
            yield run
            run = []
        run.append(number)
    yield run


def _run_texts(run: Sequence[int]) -> list[str]:
    return [f"{run[0]}–{run[-1]}"] if len(run) > 2 else [str(number) for number in run]
