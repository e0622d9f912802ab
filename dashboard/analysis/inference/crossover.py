"""From which level of a sweep on a lane is ahead of the baseline, and how sure that is.

At each level (so many concurrent requests, such a rate, such a parameter) the two lanes were fired
in one run, in turns, so that their ratio is paired by round and has that run's interval. From it
the lane stands there, m being the run's margin:

- *ahead* where the whole interval is below 1 / (1 + m), *behind* where it is above 1 + m;
- *even* where it lies inside the margin: no difference that anybody asked for;
- *undecided* otherwise, and where the run refused to compare.

The crossover is the last change between decided standings, and its interval reaches from the last
level that stands otherwise to the first from which on every decided level stands as the last one
does. Nothing between two measured levels is assumed but that they differ there once: no curve is
fitted. docs/method.md says how often that misses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from typing import Any, Literal

Standing = Literal["ahead", "even", "behind", "undecided"]
Answer = Literal[
    "crosses",  # it stands otherwise below than above
    "none",  # it stands alike at every level of the range
    "undecided",  # neither is known
]
DECIDING = ("finished", "stopped")  # statuses of a run whose whole rounds count
CLOSE_ENOUGH = 1.1  # a bracket whose ends are no further apart, as a ratio, is not halved
Report = Mapping[str, Any]


@dataclass(frozen=True)
class Level:
    """Where a lane stands at one level. `why` says why nobody can say, where that is so.

    `ratio`, `low` and `high` are the deciding metric over the baseline's; None: not compared.
    """

    at: float
    standing: Standing
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""

    @property
    def decided(self) -> bool:
        """Whether it stands anywhere at all."""
        return self.standing != "undecided"

    def to_json(self) -> dict[str, Any]:
        """As `sweep --json` prints it."""
        known = self.low is not None
        return {
            "at": self.at,
            "standing": self.standing,
            "ratio": self.ratio,
            "interval": [self.low, self.high] if known else None,
            "why": self.why or None,
        }


@dataclass(frozen=True)
class Zone:
    """Neighbouring levels at which a lane stands alike, the first and the last of them."""

    first: float
    last: float
    standing: Standing


@dataclass(frozen=True)
class Bracket:
    """The last change: `below` stands otherwise than `above`, what is between is undecided."""

    below: Level
    undecided: tuple[Level, ...]
    above: Level


@dataclass(frozen=True)
class Crossover:
    """What a sweep says of one lane next to the baseline.

    `standing` is that of the upper end, or throughout; `before` the one below the change, at the
    level `below`. `interval` holds where it changes, both ends included. `until` is the last level
    of which it is known, where the levels above it are undecided.
    """

    answer: Answer
    zones: tuple[Zone, ...]
    standing: Standing = "undecided"
    before: Standing | None = None
    below: float | None = None
    interval: tuple[float, float] | None = None
    until: float | None = None

    @property
    def start(self) -> float | None:
        """The first measured level from which on it stands so."""
        return self.interval[1] if self.interval else None

    def to_json(self) -> dict[str, Any]:
        """As `sweep --json` prints it."""
        return {
            "answer": self.answer,
            "standing": self.standing,
            "before": self.before,
            "below": self.below,
            "from": self.start,
            "interval": list(self.interval) if self.interval else None,
            "until": self.until,
            "zones": [
                {"first": zone.first, "last": zone.last, "standing": zone.standing}
                for zone in self.zones
            ],
        }


def level_of(at: float, report: Report | None, lane: str) -> Level:
    """Where a lane stands in the report of one level's run; None: the run has no report."""
    found = _comparison(report, lane)
    if report is None or found is None:
        return Level(at, "undecided", why="the run did not finish")
    if found["answer"] == "behind":
        return Level(at, *_by_keeping_up(report, lane))
    if found["interval"] is None:
        return Level(at, "undecided", found["ratio"], why=found["answer"])
    low, high = found["interval"]
    standing = _standing(low, high, report["verdict"]["margin"])
    why = "not-trusted" if found["answer"] == "not-trusted" else ""
    return Level(at, standing, found["ratio"], low, high, why)


def _comparison(report: Report | None, lane: str) -> Mapping[str, Any] | None:
    if report is None or report["status"] not in DECIDING or not report["verdict"]:
        return None
    return next((one for one in report["verdict"]["comparisons"] if one["lane"] == lane), None)


def _standing(low: float, high: float, margin: float) -> Standing:
    least, most = 1 / (1 + margin), 1 + margin
    if high < least:
        return "ahead"
    if low > most:
        return "behind"
    return "even" if low >= least and high <= most else "undecided"


def _by_keeping_up(report: Report, lane: str) -> tuple[Standing, None, None, None, str]:
    """A rate that only one of the two keeps up with needs no percentiles to be decided."""
    able = {one["lane"]: one["rate"]["keeps_up"] for one in report["lanes"]}
    own, other = able[lane], able[report["verdict"]["baseline"]]
    standing: Standing = "undecided"
    if own is not False and other is False:
        standing = "ahead"
    elif own is False and other is not False:
        standing = "behind"
    why = "neither keeps up with the rate" if standing == "undecided" else "only one keeps up"
    return standing, None, None, None, why


def crossover(levels: Sequence[Level], *, whole: bool) -> Crossover:
    """What the levels say, which stand in ascending order. `whole`: levels are whole numbers."""
    zones = _zones(levels)
    decided = [level for level in levels if level.decided]
    if not decided:
        return Crossover("undecided", zones)
    last = decided[-1]
    until = last.at if levels[-1] is not last else None
    found = bracket(levels)
    if found is None:
        sure = len(decided) == len(levels)
        return Crossover("none" if sure else "undecided", zones, last.standing, until=until)
    low, high = found.below.at, found.above.at
    return Crossover(
        "crosses",
        zones,
        last.standing,
        before=found.below.standing,
        below=low,
        interval=(low + 1 if whole else low, high),
        until=until,
    )


def _zones(levels: Sequence[Level]) -> tuple[Zone, ...]:
    groups = (list(group) for _, group in groupby(levels, key=lambda level: level.standing))
    return tuple(Zone(group[0].at, group[-1].at, group[0].standing) for group in groups)


def bracket(levels: Sequence[Level]) -> Bracket | None:
    """The last change between decided standings; None where there is none."""
    decided = [level for level in levels if level.decided]
    others = [level for level in decided if level.standing != decided[-1].standing]
    if not others:
        return None
    below = others[-1]
    above = next(level for level in decided if level.at > below.at)
    between = tuple(level for level in levels if below.at < level.at < above.at)
    return Bracket(below, between, above)


def next_level(levels: Sequence[Level], *, whole: bool) -> float | None:
    """Where to measure next so that the crossover's bracket is halved; None: nowhere.

    With undecided levels in the bracket the two gaps at its ends can still be narrowed, and the
    wider one is. Where nothing below is decided, the gap under the first decided level is.
    """
    gaps = [gap for gap in _gaps(levels) if _middle(*gap, whole=whole) is not None]
    if not gaps:
        return None
    return _middle(*max(gaps, key=_width), whole=whole)


def _gaps(levels: Sequence[Level]) -> list[tuple[float, float]]:
    found = bracket(levels)
    if found is None:
        return _gap_under_the_decided(levels)
    points = [found.below.at, *(level.at for level in found.undecided), found.above.at]
    return [(points[0], points[1]), (points[-2], points[-1])]


def _gap_under_the_decided(levels: Sequence[Level]) -> list[tuple[float, float]]:
    decided = [level for level in levels if level.decided]
    below = [level for level in levels if decided and level.at < decided[0].at]
    return [(below[-1].at, decided[0].at)] if below else []


def _width(gap: tuple[float, float]) -> float:
    low, high = gap
    return high / low if low > 0 else float("inf")


def _middle(low: float, high: float, *, whole: bool) -> float | None:
    """The geometric middle (the arithmetic one from 0 on); None where the gap is closed."""
    if low > 0 and high / low <= CLOSE_ENOUGH:
        return None
    middle = sqrt(low * high) if low > 0 else (low + high) / 2
    if not whole:
        return middle
    rounded = round(middle)
    return float(rounded) if low < rounded < high else None


def theory_crossover(capacity: int | None, other: int | None) -> int | None:
    """From how many concurrent requests on two pools of waiting differ; None: at none.

    Up to the smaller number at a time both are the wait alone (`theory.burst_s`); from one more
    on the smaller one needs another turn.
    """
    smaller = min((k for k in (capacity, other) if k is not None), default=None)
    return None if smaller is None or capacity == other else smaller + 1
