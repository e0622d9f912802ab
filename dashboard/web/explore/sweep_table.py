"""The levels of a sweep as rows of a table."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.runs.reports.wording import per_second
from dashboard.web.shared.format import format_interval, format_ms, format_ratio
from dashboard.wire.experiments.sweep import LevelLane, SweepAnswer


@dataclass(frozen=True)
class LaneCells:
    """A lane's cells at one level."""

    throughput: str
    p95: str
    ratio: str
    interval: str
    result: str
    why: str


@dataclass(frozen=True)
class LevelRow:
    """A level of the varied quantity, measured by one run."""

    at: float
    run: str
    lanes: list[LaneCells]


def level_rows(answer: SweepAnswer) -> list[LevelRow]:
    """Return a row per measured level of a sweep's answer."""
    return [
        LevelRow(level["at"], level["run"], [_lane(lane) for lane in level["lanes"]])
        for level in answer["levels"]
    ]


def _lane(lane: LevelLane) -> LaneCells:
    return LaneCells(
        throughput=per_second(lane["throughput_rps"]),
        p95=format_ms(lane["p95_ms"]),
        ratio=format_ratio(lane["ratio"], lane["interval"]),
        interval=format_interval(lane["ratio"], lane["interval"]),
        result=lane["standing"] or "",
        why=lane["why"] or "",
    )
