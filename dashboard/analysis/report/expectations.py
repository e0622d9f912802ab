"""Expectations in words: `LANE.METRIC [/ LANE.METRIC] (<|>) (NUMBER | LANE.METRIC)`.

A metric is a name out of a lane's part of the report (`ok`, `peak_in_app`), or a path where
the name alone is not enough (`latency_ms.p95`); of a list (`makespan_s`) the median counts, and
`errors` is how many requests failed.

Where the verdict knows an interval for the ratio of two lanes, the whole interval must hold the
expectation, and so must all that a counted quantity can be which is known up to an uncertainty
(`cpu_ms_per_request`). Everywhere else the point value decides, and a warning says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Self

import numpy as np

from dashboard.analysis.inference.comparison import FEWEST_ROUNDS, FIXED, holm
from dashboard.analysis.inference.worst_case import Box, box_of
from dashboard.analysis.samples.failure_limit import failed_too_often
from dashboard.wire.errors import InvalidPlan, Problem

from .metrics import check_metric, find_metric, numbers_of

# What means nothing for a lane whose requests failed. A neighbour's times are none of these.
TIMES = (
    *("makespan_s", "response_p95_ms", "throughput_rps", "latency_ms", "service_ms"),
    *("first_byte_ms", "longest_gap_ms", "segments_ms"),
)
GRAMMAR = "LANE.METRIC [/ LANE.METRIC] (<|>) (NUMBER | LANE.METRIC)"
_METRIC = re.compile(r"(?P<lane>[^\s@]+@[^\s@.]+)\.(?P<path>[A-Za-z_][\w.-]*)")
_PARTS = re.compile(r"(?P<left>\S+)(?:\s*/\s*(?P<over>\S+))?\s*(?P<sign>[<>])\s*(?P<right>\S+)")


@dataclass(frozen=True)
class Metric:
    """One number of one lane."""

    lane: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `LANE.METRIC`; raises InvalidPlan."""
        match = _METRIC.fullmatch(text)
        if not match:
            raise InvalidPlan(Problem("expect", f"expected LANE.METRIC, found {text!r}"))
        return cls(match["lane"], match["path"])

    def value(self, report: Mapping[str, Any]) -> float | None:
        """The number in this report, None where it is not known; raises InvalidPlan."""
        return self._found(report)[1]

    def ends(self, report: Mapping[str, Any]) -> tuple[float, float] | None:
        """The least and the most that it can be, where the report has its uncertainty; else None.

        That is what the neighbour leaves of a counted quantity; it may be not known, and then
        anything is possible.
        """
        path, value = self._found(report)
        numbers = numbers_of(self._lane(report))
        if value is None or f"{path}_uncertainty" not in numbers:
            return None
        uncertainty = numbers[f"{path}_uncertainty"]
        if uncertainty is None:
            return 0.0, inf
        return max(0.0, value - uncertainty), value + uncertainty

    def is_time(self, report: Mapping[str, Any]) -> bool:
        """Whether it is a time or a throughput, which a lane that failed has none of."""
        return self._found(report)[0].partition(".")[0] in TIMES

    def _found(self, report: Mapping[str, Any]) -> tuple[str, float | None]:
        """Its whole path, and the number."""
        return find_metric(self.path, self._lane(report))

    def _lane(self, report: Mapping[str, Any]) -> Mapping[str, Any]:
        """Its lane's part of the report; raises InvalidPlan."""
        lanes: dict[str, Mapping[str, Any]] = {lane["lane"]: lane for lane in report["lanes"]}
        if self.lane not in lanes:
            expected = f"expected a lane of {', '.join(lanes)}, found {self.lane}"
            raise InvalidPlan(Problem("expect", expected))
        return lanes[self.lane]


@dataclass(frozen=True)
class Judgement:
    """Whether an expectation holds, and by what: `interval`, or `value` with a `warning`."""

    holds: bool
    value: float | None
    interval: tuple[float, float] | None
    warning: str | None
    worst_case: bool = False  # the interval is one of a run that was disturbed


@dataclass(frozen=True)
class Expectation:
    """A comparison that holds or does not, once there is a report."""

    text: str
    left: Metric
    over: Metric | None
    less: bool
    right: Metric | float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an expectation; raises InvalidPlan that shows the grammar."""
        match = _PARTS.fullmatch(text.strip())
        if not match:
            raise InvalidPlan(Problem("expect", f"expected {GRAMMAR}, found {text!r}"))
        return cls(
            text=text,
            left=Metric.parse(match["left"]),
            over=Metric.parse(match["over"]) if match["over"] else None,
            less=match["sign"] == "<",
            right=_number_or_metric(match["right"]),
        )

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that it speaks of."""
        sides = (self.left, self.over, self.right)
        return [side for side in sides if isinstance(side, Metric)]

    @property
    def lanes(self) -> set[str]:
        """The lanes that it speaks of."""
        return {metric.lane for metric in self.metrics}

    def check_metrics(self) -> None:
        """Refuse a metric that no report has, before anything is fired; raises InvalidPlan."""
        for metric in self.metrics:
            check_metric(metric.path)

    def holds(self, report: Mapping[str, Any]) -> bool:
        """Whether it holds; what is not known, or divides by zero, does not."""
        return self.judge(report).holds

    def judge(self, report: Mapping[str, Any]) -> Judgement:
        """Whether it holds, by an interval where one is known; raises InvalidPlan."""
        value, limit = self._sides(report)
        if why := self._without_times(report):
            return Judgement(False, value, None, f"{self.text}: {why}.")
        if value is None or limit is None:
            return Judgement(False, value, None, f"{self.text}: not known in this run.")
        found, disturbed = self._interval(report), self._disturbed(report)
        if found is not None:
            whole = all(self._is(end, limit) for end in found)
            return Judgement(whole, value, found, None, worst_case=disturbed)
        if disturbed:
            return self._at_worst(value, limit, report)
        if (counted := self._of_counted(report)) is not None:
            return counted
        warning = f"{self.text}: judged by its point value, for which there is no interval."
        return Judgement(self._is(value, limit), value, None, warning)

    def _of_counted(self, report: Mapping[str, Any]) -> Judgement | None:
        """Judge quantities that are known up to an uncertainty; None where all are exact."""
        value, limit = self._sides(report)
        left = self._ends(self.left, report)
        over = self._ends(self.over, report)
        right = self._ends(self.right, report)
        if value is None or limit is None or all(low == high for low, high in (left, over, right)):
            return None
        low, high = left[0] / over[1], left[1] / over[0] if over[0] else inf
        holds = high < right[0] if self.less else low > right[1]
        known = (low, high) if isfinite(high) else None
        warning = None if known else f"{self.text}: what the neighbour used of it is not known."
        return Judgement(holds, value, known, warning)

    @staticmethod
    def _ends(side: Metric | float | None, report: Mapping[str, Any]) -> tuple[float, float]:
        """The least and the most that a side can be; 1 where there is none."""
        if not isinstance(side, Metric):
            number = 1.0 if side is None else side
            return number, number
        value = side.value(report) or 0.0
        return side.ends(report) or (value, value)

    def _at_worst(self, value: float, limit: float, report: Mapping[str, Any]) -> Judgement:
        """A ratio without an interval in a run that was disturbed: by its own worst case."""
        worst = self._known(report, report["verdict"]["disturbed"]["intervals"])
        if worst is None:
            warning = f"{self.text}: the run was disturbed, and nobody knows by how much."
            return Judgement(False, value, None, warning)
        warning = f"{self.text}: judged by its worst case, for which there is no interval."
        return Judgement(all(self._is(end, limit) for end in worst), value, None, warning)

    def _without_times(self, report: Mapping[str, Any]) -> str:
        """Why the times that it speaks of are those of no answer; empty where they are.

        A lane that fails fast must not win, and nor must one that may never have called its view.
        """
        timed = {one.lane for one in self.metrics if one.is_time(report)}
        for lane in report["lanes"]:
            if lane["lane"] in timed and failed_too_often(lane):
                return f"more than 1 % of the requests of {lane['lane']} failed"
        comparisons = (report["verdict"] or {}).get("comparisons", ())
        answers = {one["lane"]: one["answer"] for one in comparisons}
        for name in sorted(timed if len(timed) > 1 else ()):
            if answers.get(name) == "redirected":
                return f"whether the view of {name} or of its baseline was called is not known"
        return ""

    def _is(self, value: float, limit: float) -> bool:
        return value < limit if self.less else value > limit

    def _sides(self, report: Mapping[str, Any]) -> tuple[float | None, float | None]:
        """The value and what it is held against; `A < B` of one metric is read as `A / B < 1`."""
        left = self.left.value(report)
        right = self.right.value(report) if isinstance(self.right, Metric) else self.right
        if self.over is not None:
            over = self.over.value(report)
            left = left / over if left is not None and over else None
        elif self._interval(report) or self._disturbed(report):
            return (left / right if left is not None and right else None), 1.0
        return left, right

    def _ratio(self) -> tuple[Metric, Metric] | None:
        """The two metrics whose ratio this is about; None where it is about none."""
        other = self.over or (self.right if isinstance(self.right, Metric) else None)
        if other is None or other.path != self.left.path:
            return None
        return self.left, other

    def _of_the_verdict(self, report: Mapping[str, Any]) -> bool:
        """Whether this is about the ratio that the verdict compares."""
        ratio, verdict = self._ratio(), report.get("verdict")
        return bool(ratio and verdict and ratio[0].path == verdict["metric"])

    def _disturbed(self, report: Mapping[str, Any]) -> bool:
        """Whether it is about the verdict's ratio, in a run that was disturbed."""
        return bool(self._of_the_verdict(report) and report["verdict"].get("disturbed"))

    def _interval(self, report: Mapping[str, Any]) -> tuple[float, float] | None:
        ratio = self._ratio()
        if ratio is None or not self._of_the_verdict(report):
            return None
        intervals = {one["lane"]: one["interval"] for one in report["verdict"]["comparisons"]}
        above, below = (metric.lane for metric in ratio)
        return self._known(report, intervals) or _between_others(report, above, below)

    def _known(
        self, report: Mapping[str, Any], ends: Mapping[str, Sequence[float] | None]
    ) -> tuple[float, float] | None:
        """The ends of this ratio, of which those next to the baseline are known by the lane."""
        above, below = (metric.lane for metric in self._ratio() or ())
        baseline = report["verdict"]["baseline"]
        if below == baseline and (found := ends.get(above)):
            return found[0], found[1]
        if above == baseline and (found := ends.get(below)):
            return 1 / found[1], 1 / found[0]
        return None


def _between_others(
    report: Mapping[str, Any], above: str, below: str
) -> tuple[float, float] | None:
    """The paired t interval of two lanes neither of which is the baseline.

    None where rounds are missing, so that nobody knows which belong together, where two
    lanes could not be compared, and where the run was *until sure*: its end depends on
    what was seen.
    """
    verdict = report["verdict"]
    answers = {one["lane"]: one["answer"] for one in verdict["comparisons"]}
    if verdict["rule"] != "fixed" or not all(
        answers.get(lane) in {"differs", "no-difference", "undecided"} for lane in (above, below)
    ):
        return None
    metrics = {lane["lane"]: lane[verdict["metric"]] for lane in report["lanes"]}
    first, second = metrics[above], metrics[below]
    if len(first) != len(second) or not FEWEST_ROUNDS <= len(first) == report["rounds"]:
        return None
    boxes = _boxes(report, above, below) if verdict.get("disturbed") else []
    if None in boxes:
        return None
    (interval,) = holm([np.log(first) - np.log(second)], FIXED, [box for box in boxes if box])
    return interval.low, interval.high


def _boxes(report: Mapping[str, Any], above: str, below: str) -> list[Box | None]:
    """The one box of two lanes of a run that was disturbed; None in it where nobody knows."""
    worst = {lane["lane"]: lane["worst_case"] for lane in report["lanes"]}
    ends = [
        dict(enumerate(zip(worst[lane]["low"], worst[lane]["high"], strict=True)))
        for lane in (below, above)
    ]
    if any(None in pair for lane in ends for pair in lane.values()):
        return [None]
    rounds = dict.fromkeys(ends[0], 1.0)
    return [box_of(ends[0], ends[1], (rounds, rounds))]


def _number_or_metric(text: str) -> Metric | float:
    try:
        return float(text)
    except ValueError:
        return Metric.parse(text)
