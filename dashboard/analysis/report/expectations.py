"""Expectations as text: `LANE.METRIC [/ LANE.METRIC] (<|>) (NUMBER | LANE.METRIC)`.

A metric is a name from a lane's part of the report (`ok`, `peak_in_app`), or a path if the name
alone is ambiguous (`latency_ms.p95`). For a list (`makespan_s`) the median counts, and `errors` is
the number of failed requests.

If the verdict has an interval for the ratio of two lanes, the whole interval must hold the
expectation; so must the whole range of a counted quantity with an uncertainty
(`cpu_ms_per_request`). Otherwise the point value decides, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite
from typing import Self

from dashboard.analysis.samples.failure_limit import failed_too_often
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.report.report import Report

from .lane_number import LaneNumber
from .metrics import check_metric
from .ratio_interval import ratio_interval, worst_case

GRAMMAR = "LANE.METRIC [/ LANE.METRIC] (<|>) (NUMBER | LANE.METRIC)"
_PARTS = re.compile(r"(?P<left>\S+)(?:\s*/\s*(?P<over>\S+))?\s*(?P<sign>[<>])\s*(?P<right>\S+)")


@dataclass(frozen=True)
class Judgement:
    """Whether an expectation holds, by its `interval`, or by its `value` with a `warning`."""

    holds: bool
    value: float | None
    interval: tuple[float, float] | None
    warning: str | None
    worst_case: bool = False  # the interval is that of a disturbed run


@dataclass(frozen=True)
class Expectation:
    """A comparison of two sides that a report holds or does not."""

    text: str
    left: LaneNumber
    over: LaneNumber | None
    less: bool
    right: LaneNumber | float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an expectation; raise InvalidPlan with the grammar."""
        match = _PARTS.fullmatch(text.strip())
        if not match:
            raise InvalidPlan(Problem("expect", f"expected {GRAMMAR}, found {text!r}"))
        return cls(
            text=text,
            left=LaneNumber.parse(match["left"]),
            over=LaneNumber.parse(match["over"]) if match["over"] else None,
            less=match["sign"] == "<",
            right=_number_or_lane_number(match["right"]),
        )

    @property
    def numbers(self) -> list[LaneNumber]:
        """The lane numbers on either side."""
        sides = (self.left, self.over, self.right)
        return [side for side in sides if isinstance(side, LaneNumber)]

    @property
    def lanes(self) -> set[str]:
        """The lanes of all its numbers."""
        return {number.lane for number in self.numbers}

    def check_metrics(self) -> None:
        """Refuse a metric that no report has, before anything is fired; raise InvalidPlan."""
        for number in self.numbers:
            check_metric(number.path)

    def holds(self, report: Report) -> bool:
        """Return True if it holds; an unknown value, or one divided by zero, does not."""
        return self.judge(report).holds

    def judge(self, report: Report) -> Judgement:
        """Judge it by an interval if one is known, else by its value; raise InvalidPlan."""
        value, limit = self._sides(report)
        if reason := self._why_no_times(report):
            return self._warned(False, value, reason)
        if value is None or limit is None:
            return self._warned(False, value, "not known in this run")
        if (interval := self._interval(report)) is not None:
            disturbed = self._is_disturbed(report)
            return Judgement(self._is(interval, limit), value, interval, None, disturbed)
        if self._is_disturbed(report):
            return self._judge_worst_case(value, limit, report)
        counted = self._judge_counted(value, report)
        reason = "judged by its point value, for which there is no interval"
        return counted or self._warned(self._is([value], limit), value, reason)

    def _warned(self, holds: bool, value: float | None, reason: str) -> Judgement:
        return Judgement(holds, value, None, f"{self.text}: {reason}.")

    def _is(self, values: Iterable[float], limit: float) -> bool:
        """Return True if every value is on the expected side of the limit."""
        return all(value < limit if self.less else value > limit for value in values)

    def _judge_counted(self, value: float, report: Report) -> Judgement | None:
        """Judge quantities that are known up to an uncertainty; None if all sides are exact."""
        left, over, right = (_bounds(side, report) for side in (self.left, self.over, self.right))
        if all(low == high for low, high in (left, over, right)):
            return None
        low, high = left[0] / over[1], left[1] / over[0] if over[0] else inf
        holds = high < right[0] if self.less else low > right[1]
        if not isfinite(high):
            return self._warned(holds, value, "what the bystander used of it is not known")
        return Judgement(holds, value, (low, high), None)

    def _judge_worst_case(self, value: float, limit: float, report: Report) -> Judgement:
        """Judge a ratio without an interval, in a disturbed run, by its own worst case."""
        lanes = self._compared(report)
        worst = worst_case(report, *lanes) if lanes else None
        if worst is None:
            reason = "the run was disturbed, and it is not known by how much"
            return self._warned(False, value, reason)
        reason = "judged by its worst case, for which there is no interval"
        return self._warned(self._is(worst, limit), value, reason)

    def _why_no_times(self, report: Report) -> str:
        """Return why its times are not those of answers; empty if they are.

        A lane that fails fast must not win, nor one that may never have called its view.
        """
        timed = {number.lane for number in self.numbers if number.is_time(report)}
        for lane in report["lanes"]:
            if lane["lane"] in timed and failed_too_often(lane):
                return f"more than 1 % of the requests of {lane['lane']} failed"
        verdict = report["verdict"]
        comparisons = verdict["comparisons"] if verdict else []
        answers = {each["lane"]: each["answer"] for each in comparisons}
        for name in sorted(timed if len(timed) > 1 else ()):
            if answers.get(name) == "redirected":
                return f"whether the view of {name} or of its baseline was called is not known"
        return ""

    def _sides(self, report: Report) -> tuple[float | None, float | None]:
        """Return the value and its limit; `A < B` of one metric is read as `A / B < 1`."""
        left = self.left.value(report)
        right = self.right.value(report) if isinstance(self.right, LaneNumber) else self.right
        if self.over is not None:
            over = self.over.value(report)
            return (left / over if left is not None and over else None), right
        if self._interval(report) or self._is_disturbed(report):
            return (left / right if left is not None and right else None), 1.0
        return left, right

    def _compared(self, report: Report) -> tuple[str, str] | None:
        """Return the two lanes whose ratio it is about, in the metric that the verdict compares."""
        other = self.over or (self.right if isinstance(self.right, LaneNumber) else None)
        verdict = report.get("verdict")
        if other is None or not verdict or not self.left.path == other.path == verdict["metric"]:
            return None
        return self.left.lane, other.lane

    def _is_disturbed(self, report: Report) -> bool:
        """Return True if it is about the verdict's ratio, in a disturbed run."""
        verdict = report.get("verdict")
        return bool(verdict and self._compared(report) and verdict.get("disturbed"))

    def _interval(self, report: Report) -> tuple[float, float] | None:
        lanes = self._compared(report)
        return ratio_interval(report, *lanes) if lanes else None


def _bounds(side: LaneNumber | float | None, report: Report) -> tuple[float, float]:
    """Return the bounds of one side of an expectation; 1 if there is none."""
    if not isinstance(side, LaneNumber):
        number = 1.0 if side is None else side
        return number, number
    value = side.value(report) or 0.0
    return side.bounds(report) or (value, value)


def _number_or_lane_number(text: str) -> LaneNumber | float:
    try:
        return float(text)
    except ValueError:
        return LaneNumber.parse(text)
