"""The comparisons that a headline is about: one claim, however many lanes there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from dashboard.analysis.text.numbers import FACTOR_FROM
from dashboard.wire.report.verdict import Answer, ComparisonReport, Interval, VerdictReport

SIMILAR = 1.1  # effects this close to the largest are part of the same claim
# Without a difference, the first of these that any lane has is the claim.
OTHER_ANSWERS: Sequence[Answer] = (
    "no-difference",
    "first-look",
    "undecided",
    "not-trusted",
    "errors",
    "redirected",
    "behind",
    "no-rounds",
)


@dataclass(frozen=True)
class MainResult:
    """Comparisons with the same answer, in the same direction, the largest difference first."""

    comparisons: Sequence[ComparisonReport]

    @property
    def answer(self) -> Answer:
        """Their answer."""
        return self.comparisons[0]["answer"]

    @property
    def lanes(self) -> list[str]:
        """The lanes, without the baseline."""
        return [comparison["lane"] for comparison in self.comparisons]

    @property
    def ratio(self) -> float:
        """The ratio, or the geometric mean of several; 1 if none is known."""
        ratios = [comparison["ratio"] or 1.0 for comparison in self.comparisons]
        return float(prod(ratios) ** (1 / len(ratios)))

    @property
    def level(self) -> float | None:
        """The lowest level of their intervals; None if none has one."""
        levels = (comparison["level"] for comparison in self.comparisons)
        return min((level for level in levels if level is not None), default=None)

    @property
    def interval(self) -> Interval | None:
        """The interval that contains all of theirs; None if one is unknown."""
        return _around([comparison["interval"] for comparison in self.comparisons])

    @property
    def round_ratios(self) -> Interval | None:
        """The smallest and the largest ratio of a single round; None in older reports."""
        return _around([comparison.get("round_ratios") for comparison in self.comparisons])

    def worst_case(self, verdict: VerdictReport) -> Interval | None:
        """Return the range with all lateness charged; None if a run was not disturbed."""
        disturbed = verdict.get("disturbed")
        if not disturbed:
            return None
        return _around([disturbed["intervals"].get(lane) for lane in self.lanes])


def main_result(verdict: VerdictReport) -> MainResult:
    """Return the largest difference, preferably one in favour of a lane; else the next answer."""
    comparisons = verdict["comparisons"]
    differing = [each for each in comparisons if each["answer"] == "differs"]
    gaps = [each for each in comparisons if has_gap(each, verdict["margin"])]
    if largest := differing or gaps:
        return MainResult(_largest(largest))
    for answer in OTHER_ANSWERS:
        if same := [each for each in comparisons if each["answer"] == answer]:
            return MainResult(same)
    return MainResult(comparisons)


def has_gap(comparison: ComparisonReport, margin: float) -> bool:
    """Return True if a first look's ratio is outside of the margin."""
    return comparison["answer"] == "first-look" and _effect(comparison) > 1 + margin


def _largest(comparisons: Sequence[ComparisonReport]) -> Sequence[ComparisonReport]:
    """Return the largest gain if it is a large one or larger than any loss, else that loss."""
    gains = [each for each in comparisons if (each["ratio"] or 1) < 1]
    losses = [each for each in comparisons if (each["ratio"] or 1) >= 1]
    gain, loss = (max(map(_effect, each), default=0.0) for each in (gains, losses))
    alike = gains if gain and (gain >= FACTOR_FROM or gain >= loss) else losses
    ordered = sorted(alike, key=_effect, reverse=True)
    return [each for each in ordered if _effect(ordered[0]) <= SIMILAR * _effect(each)]


def _effect(comparison: ComparisonReport) -> float:
    """Return a ratio as a factor above 1, in whatever direction."""
    ratio = comparison["ratio"] or 1.0
    return max(ratio, 1 / ratio)


def _around(intervals: Sequence[Interval | None]) -> Interval | None:
    ends = [interval for interval in intervals if interval]
    if not ends or len(ends) < len(intervals):
        return None
    return [min(low for low, _ in ends), max(high for _, high in ends)]
