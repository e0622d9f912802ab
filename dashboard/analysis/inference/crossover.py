"""Find from which level of a sweep on a lane is faster than the baseline, with an interval.

At each level (a number of concurrent requests, a rate, a parameter) the two lanes took turns in
one run, so that their ratio is paired by round and has that run's interval. The standing of the
lane at a level follows from it, with the run's margin m:

- *ahead* if the whole interval is below 1 / (1 + m), *behind* if it is above 1 + m;
- *even* if it lies inside the margin, which counts as no difference;
- *undecided* otherwise, and if the run refused to compare.

The crossover is the last change between decided standings. Its interval reaches from the last
level with another standing to the first from which on every decided level has the standing of the
last one. No curve is fitted: all that is assumed is that the standing changes once between the two
levels. docs/method.md has the rate at which that misses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt

from dashboard.wire.codec import JsonObject, to_json
from dashboard.wire.experiments.crossover import Answer, CrossoverReport, LevelReport, Standing
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import ComparisonReport

DECIDING = ("finished", "stopped")  # statuses of runs whose whole rounds count
CLOSE_ENOUGH = 1.1  # ratio of the ends of a bracket up to which it is not halved


@dataclass(frozen=True)
class Level(JsonObject):
    """The standing of a lane at one level. `why` is the reason if it is undecided.

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
        """True unless it is undecided."""
        return self.standing != "undecided"

    def to_json(self) -> LevelReport:
        """Return the object that `sweep --json` prints: `low` and `high` are one interval there."""
        ends = None if self.low is None or self.high is None else [self.low, self.high]
        return {
            "at": self.at,
            "standing": self.standing,
            "ratio": self.ratio,
            "interval": ends,
            "why": self.why or None,
        }


@dataclass(frozen=True)
class Zone:
    """The first and the last of adjacent levels with the same standing."""

    first: float
    last: float
    standing: Standing


@dataclass(frozen=True)
class Bracket:
    """The last change of the standing: two decided levels, with the undecided ones between them."""

    below: Level
    undecided: tuple[Level, ...]
    above: Level


@dataclass(frozen=True)
class Crossover(JsonObject):
    """The result of a sweep for one lane compared with the baseline.

    `standing` is that of the upper end, or of all levels; `before` is the one below the change, at
    the level `below`. `interval` contains the change, with both ends. `until` is the last decided
    level, if the levels above it are undecided.
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
        """The first measured level from which on the standing holds."""
        return self.interval[1] if self.interval else None

    def to_json(self) -> CrossoverReport:
        """Return the object that `sweep --json` prints: it also has `from`, which is computed."""
        return {
            "answer": self.answer,
            "zones": to_json(self.zones),
            "standing": self.standing,
            "before": self.before,
            "below": self.below,
            "interval": list(self.interval) if self.interval else None,
            "until": self.until,
            "from": self.start,
        }


def level_of(at: float, report: Report | None, lane: str) -> Level:
    """Return the standing of a lane in the report of one level's run, None if it has no report."""
    verdict = report["verdict"] if report else None
    comparison = _comparison(report, lane)
    if report is None or verdict is None or comparison is None:
        return Level(at, "undecided", why="the run did not finish")
    if comparison["answer"] == "behind":
        return Level(at, *_by_keeping_up(report, lane, verdict["baseline"]))
    if comparison["interval"] is None:
        return Level(at, "undecided", comparison["ratio"], why=comparison["answer"])
    low, high = comparison["interval"]
    standing = _standing(low, high, verdict["margin"])
    why = "not-trusted" if comparison["answer"] == "not-trusted" else ""
    return Level(at, standing, comparison["ratio"], low, high, why)


def _comparison(report: Report | None, lane: str) -> ComparisonReport | None:
    if report is None or report["status"] not in DECIDING or not report["verdict"]:
        return None
    comparisons = report["verdict"]["comparisons"]
    return next((each for each in comparisons if each["lane"] == lane), None)


def _standing(low: float, high: float, margin: float) -> Standing:
    least, most = 1 / (1 + margin), 1 + margin
    if high < least:
        return "ahead"
    if low > most:
        return "behind"
    return "even" if low >= least and high <= most else "undecided"


def _by_keeping_up(
    report: Report, lane: str, baseline: str
) -> tuple[Standing, None, None, None, str]:
    """Return the standing at a rate; if only one lane keeps up with it, that one is ahead."""
    keeps_up = {
        each["lane"]: each["rate"]["keeps_up"] if each["rate"] else None for each in report["lanes"]
    }
    own, other = keeps_up[lane], keeps_up[baseline]
    standing: Standing = "undecided"
    if own is not False and other is False:
        standing = "ahead"
    elif own is False and other is not False:
        standing = "behind"
    why = "neither keeps up with the rate" if standing == "undecided" else "only one keeps up"
    return standing, None, None, None, why


def crossover(levels: Sequence[Level], *, whole: bool) -> Crossover:
    """Return the crossover of ascending levels. `whole`: levels are whole numbers."""
    zones = _zones(levels)
    decided = [level for level in levels if level.decided]
    if not decided:
        return Crossover("undecided", zones)
    last = decided[-1]
    until = last.at if levels[-1] is not last else None
    change = bracket(levels)
    if change is None:
        all_decided = len(decided) == len(levels)
        return Crossover("none" if all_decided else "undecided", zones, last.standing, until=until)
    low, high = change.below.at, change.above.at
    return Crossover(
        "crosses",
        zones,
        last.standing,
        before=change.below.standing,
        below=low,
        interval=(low + 1 if whole else low, high),
        until=until,
    )


def _zones(levels: Sequence[Level]) -> tuple[Zone, ...]:
    groups = (list(group) for _, group in groupby(levels, key=lambda level: level.standing))
    return tuple(Zone(group[0].at, group[-1].at, group[0].standing) for group in groups)


def bracket(levels: Sequence[Level]) -> Bracket | None:
    """Return the last change between decided standings; None if there is none."""
    decided = [level for level in levels if level.decided]
    others = [level for level in decided if level.standing != decided[-1].standing]
    if not others:
        return None
    below = others[-1]
    above = next(level for level in decided if level.at > below.at)
    between = tuple(level for level in levels if below.at < level.at < above.at)
    return Bracket(below, between, above)


def next_level(levels: Sequence[Level], *, whole: bool) -> float | None:
    """Return the level to measure next, which halves the crossover's bracket; None: no level.

    With undecided levels in the bracket, the wider of the gaps at its two ends is halved. If no
    level below is decided, the gap under the first decided level is.
    """
    gaps = [gap for gap in _gaps(levels) if _middle(*gap, whole=whole) is not None]
    if not gaps:
        return None
    return _middle(*max(gaps, key=_width), whole=whole)


def _gaps(levels: Sequence[Level]) -> list[tuple[float, float]]:
    change = bracket(levels)
    if change is None:
        return _gap_under_the_decided(levels)
    points = [change.below.at, *(level.at for level in change.undecided), change.above.at]
    return [(points[0], points[1]), (points[-2], points[-1])]


def _gap_under_the_decided(levels: Sequence[Level]) -> list[tuple[float, float]]:
    decided = [level for level in levels if level.decided]
    below = [level for level in levels if decided and level.at < decided[0].at]
    return [(below[-1].at, decided[0].at)] if below else []


def _width(gap: tuple[float, float]) -> float:
    low, high = gap
    return high / low if low > 0 else float("inf")


def _middle(low: float, high: float, *, whole: bool) -> float | None:
    """Return the geometric middle (from 0 on the arithmetic one); None if the gap is closed."""
    if low > 0 and high / low <= CLOSE_ENOUGH:
        return None
    middle = sqrt(low * high) if low > 0 else (low + high) / 2
    if not whole:
        return middle
    rounded = round(middle)
    return float(rounded) if low < rounded < high else None


def theory_crossover(capacity: int | None, other: int | None) -> int | None:
    """Return from how many concurrent requests on two pools differ, if requests only wait.

    Up to the smaller capacity both take the wait alone (`Burst.theory_s`); from one more on the
    smaller pool needs another turn. None if they never differ.
    """
    smaller = min((k for k in (capacity, other) if k is not None), default=None)
    return None if smaller is None or capacity == other else smaller + 1
