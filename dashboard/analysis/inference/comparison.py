"""Compare lanes with the baseline: ratios by round, intervals, answers.

One of two rules is chosen before the first round:

- *Fixed*: a fixed number of rounds, then the paired t interval at 95 %; a first look below five.
- *Until certain*: looks after 5, 10, 20 and 40 rounds and at no other time. The levels of the four
  looks add up to 5 %, so that looking several times adds no false alarms (Bonferroni).

Several lanes are compared at once, so they share the level by Holm's method (Holm 1979): while k
lanes are open, each gets its interval at level alpha / k; those whose interval excludes 1 are
settled with that interval, and the others try again with the level of those that are left. Once
no more lanes are settled, the rest keep the intervals of the last try, all of which contain 1. This
rejects exactly what Holm's p-values reject, and the answer is read from the interval that is shown,
so the two cannot contradict each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp
from types import MappingProxyType

from dashboard.analysis.samples.lane_samples import Floats
from dashboard.wire.plan.plan import MARGIN
from dashboard.wire.report.verdict import Answer

from .intervals import Bounds, lag_one_correlation, signed_rank, student
from .worst_case import Box, widest_signed_rank, widest_student

FEWEST_ROUNDS = 5
FIXED_ALPHA = 0.05


@dataclass(frozen=True)
class Method:
    """A method for intervals, with the chance that an interval misses (`alpha`).

    `widest` returns an interval that contains every interval of rounds known between two bounds.
    """

    name: str
    bounds: Callable[[Floats, float], Bounds]
    widest: Callable[[Box, float], Bounds]
    alpha: float


FIXED = Method("paired t", student, widest_student, FIXED_ALPHA)
LOOKS: Mapping[int, Method] = MappingProxyType(
    {
        5: Method("paired t", student, widest_student, 0.01),
        10: Method("signed rank", signed_rank, widest_signed_rank, 0.01),
        20: Method("signed rank", signed_rank, widest_signed_rank, 0.015),
        40: Method("signed rank", signed_rank, widest_signed_rank, 0.015),
    }
)
MOST_ROUNDS = max(LOOKS)  # nothing is decided after the last look


@dataclass(frozen=True)
class Interval:
    """A lane's metric over the baseline's: the middle, and both ends at this level.

    `level` is adjusted for several lanes and looks: 0.975 for 97.5 %. In a disturbed run low and
    high are the worst case, and `measured` are the ends without it.
    """

    ratio: float
    low: float
    high: float
    level: float
    rounds: int
    method: str
    measured: tuple[float, float] | None = None

    @property
    def excludes_one(self) -> bool:
        """True if it shows a difference, however small."""
        return self.low > 1 or self.high < 1

    def inside(self, margin: float) -> bool:
        """Return True if the whole interval lies inside the margin, symmetric in logarithms."""
        return self.low >= 1 / (1 + margin) and self.high <= 1 + margin

    def answer(self, margin: float) -> Answer:
        """Return the answer. A difference inside the margin counts as none."""
        if self.inside(margin):
            return "no-difference"
        if self.excludes_one:
            return "differs"
        decided = self.measured and replace(
            self, low=self.measured[0], high=self.measured[1], measured=None
        ).answer(margin)
        return "not-trusted" if decided in {"differs", "no-difference"} else "undecided"


@dataclass(frozen=True)
class Look:
    """The intervals of all comparisons after a number of rounds, in the order of the lanes."""

    rounds: int
    intervals: tuple[Interval, ...]


def look(log_ratios: Sequence[Floats]) -> Look | None:
    """Return a look at the rounds so far, one array per comparison; None if no look is due.

    A look is due when every comparison has 5, 10, 20 or 40 rounds.
    """
    rounds = min((len(values) for values in log_ratios), default=0)
    return _look_at(log_ratios, rounds) if rounds in LOOKS else None


def last_look(log_ratios: Sequence[Floats], boxes: Sequence[Box] = ()) -> Look | None:
    """Return the latest look that the rounds allow, which ignores all rounds after it."""
    rounds = min((len(values) for values in log_ratios), default=0)
    reached = [number for number in LOOKS if number <= rounds]
    return _look_at(log_ratios, max(reached), boxes) if reached else None


def all_decided(look: Look, margin: float = MARGIN) -> bool:
    """Return True if every comparison is decided, so that no further round is needed."""
    return all(interval.answer(margin) != "undecided" for interval in look.intervals)


def _look_at(log_ratios: Sequence[Floats], rounds: int, boxes: Sequence[Box] = ()) -> Look:
    first = [values[:rounds] for values in log_ratios]
    return Look(rounds, tuple(holm(first, LOOKS[rounds], [box.first(rounds) for box in boxes])))


def holm(log_ratios: Sequence[Floats], method: Method, boxes: Sequence[Box] = ()) -> list[Interval]:
    """Return an interval for each comparison, sharing the level as the module docstring describes.

    With `boxes`, one per comparison, each is the widest that its box allows, and never at a lower
    level than without: so it contains the interval of what was measured.
    """
    settled = _step_down(log_ratios, method)
    if boxes:
        settled = _step_down(log_ratios, method, boxes, [alpha for alpha, _ in settled])
    return [interval for _, interval in settled]


def _step_down(
    log_ratios: Sequence[Floats],
    method: Method,
    boxes: Sequence[Box] = (),
    most_alphas: Sequence[float] = (),
) -> list[tuple[float, Interval]]:
    """Return each comparison's part of alpha, at most that of `most_alphas`, and its interval."""
    settled: dict[int, tuple[float, Interval]] = {}
    while len(settled) < len(log_ratios):
        left = [at for at in range(len(log_ratios)) if at not in settled]
        tried = {}
        for at in left:
            alpha = min(method.alpha / len(left), *most_alphas[at : at + 1], 1.0)
            box = boxes[at] if boxes else None
            tried[at] = alpha, _interval(log_ratios[at], method, alpha, box)
        differing = {at: pair for at, pair in tried.items() if pair[1].excludes_one}
        settled |= differing or tried
    return [settled[at] for at in range(len(log_ratios))]


def _interval(values: Floats, method: Method, alpha: float, box: Box | None) -> Interval:
    bounds = method.bounds(values, alpha)
    ends = exp(float(bounds.low)), exp(float(bounds.high))
    widest = method.widest(box, alpha) if box else bounds
    return Interval(
        ratio=exp(float(bounds.middle)),
        low=exp(float(widest.low)),
        high=exp(float(widest.high)),
        level=1 - alpha,
        rounds=len(values),
        method=method.name,
        measured=ends if box else None,
    )


@dataclass(frozen=True)
class Comparison:
    """One lane against the baseline. `ratio` and `interval` are None if nothing is compared.

    A ratio without an interval was measured, but may not be reliable. `correlation` is the lag-1
    correlation of the rounds' log ratios. `worst` is the range of a first look's ratio in a
    disturbed run. `between` are the smallest and the largest ratio of a single round.
    """

    answer: Answer
    ratio: float | None = None
    interval: Interval | None = None
    rounds: int = 0
    correlation: float | None = None
    worst: tuple[float, float] | None = None
    between: tuple[float, float] | None = None


def compare(
    log_ratios: Sequence[Floats],
    refused: Sequence[Answer | None],
    *,
    until_sure: bool = False,
    margin: float = MARGIN,
    boxes: Sequence[Box | None] | None = None,
) -> list[Comparison]:
    """Return a comparison for each lane but the baseline, from its log ratios by round.

    `refused` has the answer of each lane that is not compared, None for the others. `boxes` are
    given for a disturbed run; a lane whose box is None, since its lateness is unknown, is not
    compared.
    """
    if boxes is not None:
        pairs = zip(refused, boxes, strict=True)
        refused = [answer or ("not-trusted" if box is None else None) for answer, box in pairs]
    able = [at for at, answer in enumerate(refused) if not answer and len(log_ratios[at])]
    tested = [at for at in able if len(log_ratios[at]) >= FEWEST_ROUNDS]
    values = [log_ratios[at] for at in tested]
    known_boxes = [box for at in tested if boxes is not None and (box := boxes[at])]
    latest = last_look(values, known_boxes) if until_sure else None
    intervals = latest.intervals if latest else holm(values, FIXED, known_boxes)
    interval_of = dict(zip(tested, intervals, strict=True))
    return [
        _comparison(values, refused[at], interval_of.get(at), margin, boxes[at] if boxes else None)
        for at, values in enumerate(log_ratios)
    ]


def _comparison(
    values: Floats,
    refused: Answer | None,
    interval: Interval | None,
    margin: float,
    box: Box | None,
) -> Comparison:
    if not len(values):
        return Comparison(refused or "no-rounds")
    if interval is None:
        # The ratio of lanes that failed or fell behind would be that of something else.
        measured = exp(float(values.mean())) if refused in {None, "not-trusted"} else None
        worst = (exp(float(box.low.mean())), exp(float(box.high.mean()))) if box else None
        refused = refused or (worst and _explained(worst, margin))
        return Comparison(
            refused or "first-look",
            measured,
            rounds=len(values),
            worst=worst,
            between=_between(values) if measured else None,
        )
    return Comparison(
        answer=interval.answer(margin),
        ratio=interval.ratio,
        interval=interval,
        rounds=interval.rounds,
        correlation=lag_one_correlation(values[: interval.rounds]),
        between=_between(values[: interval.rounds]),
    )


def _between(values: Floats) -> tuple[float, float]:
    return exp(float(values.min())), exp(float(values.max()))


def _explained(worst: tuple[float, float], margin: float) -> Answer | None:
    """Return "not-trusted" if lateness may have caused the difference, or hidden one."""
    low, high = worst
    inside = low >= 1 / (1 + margin) and high <= 1 + margin
    return "not-trusted" if low <= 1 <= high and not inside else None
