"""One number of one lane in a report, as an expectation names it: `LANE.METRIC`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf
from typing import Self

from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report

from .metrics import find_metric, numbers_of

# Without meaning for a lane whose requests failed. The bystander's times are not among them.
TIMES = (
    *("makespan_s", "response_p95_ms", "throughput_rps", "latency_ms", "service_ms"),
    *("first_byte_ms", "longest_gap_ms", "segments_ms"),
)
_LANE_NUMBER = re.compile(r"(?P<lane>[^\s@]+@[^\s@.]+)\.(?P<path>[A-Za-z_][\w.-]*)")


@dataclass(frozen=True)
class LaneNumber:
    """A lane, and the path of a number in its part of the report."""

    lane: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `LANE.METRIC`; raise InvalidPlan."""
        match = _LANE_NUMBER.fullmatch(text)
        if not match:
            raise InvalidPlan(Problem("expect", f"expected LANE.METRIC, found {text!r}"))
        return cls(match["lane"], match["path"])

    def value(self, report: Report) -> float | None:
        """Return the number in this report, None if it is unknown; raise InvalidPlan."""
        return self._find(report)[1]

    def bounds(self, report: Report) -> tuple[float, float] | None:
        """Return the bounds of a number that the report gives with an uncertainty, else None.

        The bystander leaves that uncertainty in counted quantities. If it is itself unknown, the
        bounds are 0 and infinity.
        """
        path, value = self._find(report)
        numbers = numbers_of(self._lane(report))
        if value is None or f"{path}_uncertainty" not in numbers:
            return None
        uncertainty = numbers[f"{path}_uncertainty"]
        if uncertainty is None:
            return 0.0, inf
        return max(0.0, value - uncertainty), value + uncertainty

    def is_time(self, report: Report) -> bool:
        """Return True for a time or a throughput, which mean nothing for a lane that failed."""
        return self._find(report)[0].partition(".")[0] in TIMES

    def _find(self, report: Report) -> tuple[str, float | None]:
        """Return the whole path, and the number."""
        return find_metric(self.path, self._lane(report))

    def _lane(self, report: Report) -> LaneReport:
        lanes = {lane["lane"]: lane for lane in report["lanes"]}
        if self.lane not in lanes:
            expected = f"expected a lane of {', '.join(lanes)}, found {self.lane}"
            raise InvalidPlan(Problem("expect", expected))
        return lanes[self.lane]
