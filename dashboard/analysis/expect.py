"""Expectations in words: `LANE.METRIC [/ LANE.METRIC] (<|>) (NUMBER | LANE.METRIC)`.

A metric is a name out of a lane's part of the report (`ok`, `peak_in_app`), or a path where
the name alone is not enough (`latency_ms.p95`); of a list (`makespan_s`) the median counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Self

from dashboard.wire.errors import InvalidPlan, Problem

GRAMMAR = "LANE.METRIC [/ LANE.METRIC] (<|>) (NUMBER | LANE.METRIC)"
_METRIC = re.compile(r"(?P<lane>[^\s@]+@[^\s@.]+)\.(?P<path>[A-Za-z_][\w.]*)")
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
        lane = next((lane for lane in report["lanes"] if lane["lane"] == self.lane), None)
        if lane is None:
            expected = ", ".join(lane["lane"] for lane in report["lanes"])
            raise InvalidPlan(
                Problem("expect", f"expected a lane of {expected}, found {self.lane}")
            )
        numbers = dict(_numbers(lane))
        found = [path for path in numbers if path == self.path or path.endswith("." + self.path)]
        if len(found) != 1:
            raise InvalidPlan(Problem("expect", _which(self.path, found or list(numbers))))
        return numbers[found[0]]


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
    def lanes(self) -> set[str]:
        """The lanes that it speaks of."""
        metrics = (self.left, self.over, self.right)
        return {metric.lane for metric in metrics if isinstance(metric, Metric)}

    def holds(self, report: Mapping[str, Any]) -> bool:
        """Whether it holds; what is not known, or divides by zero, does not."""
        left = self.left.value(report)
        if self.over is not None:
            over = self.over.value(report)
            left = left / over if left is not None and over else None
        right = self.right.value(report) if isinstance(self.right, Metric) else self.right
        if left is None or right is None:
            return False
        return left < right if self.less else left > right


def _number_or_metric(text: str) -> Metric | float:
    try:
        return float(text)
    except ValueError:
        return Metric.parse(text)


def _numbers(value: Any, path: str = "") -> Iterator[tuple[str, float | None]]:
    """Every number in a lane's report, by its path."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name != "target":
                yield from _numbers(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        yield path, median(value) if value else None
    elif value is None or isinstance(value, int | float):
        yield path, value


def _which(path: str, candidates: list[str]) -> str:
    return f"expected a metric, one of {', '.join(candidates)}, found {path!r}"
