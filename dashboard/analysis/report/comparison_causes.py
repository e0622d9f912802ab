"""The causes of a comparison: those of its answer, or what made one lane slower."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.analysis.causes.causes import find_causes, find_side_effects
from dashboard.analysis.causes.connection_causes import connection_leaks
from dashboard.analysis.inference.comparison import Comparison
from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.analysis.samples.failure_limit import failed_too_often
from dashboard.wire.report.causes import CauseReport, ClientBound, Errors, NoDifference
from dashboard.wire.report.report import Report

from .comparison_json import interval_ends
from .verdict_options import VerdictOptions


def causes_of(
    comparison: Comparison,
    report: Report,
    lanes: tuple[LaneMetrics, LaneMetrics],
    options: VerdictOptions,
) -> list[CauseReport]:
    """Return the causes of a comparison of two `lanes`, the baseline first."""
    baseline, lane = lanes
    match comparison.answer:
        case "errors":
            return [*_failures(report, lanes), *connection_leaks(*lanes)]
        case "not-trusted":
            return list(_load_generator(report, options))
        case "no-difference":
            return [_no_difference(comparison, options), *find_side_effects(baseline, lane)]
        case "differs" | "first-look" if _has_gap(comparison, options):
            lane_is_slower = comparison.ratio is not None and comparison.ratio > 1
            return find_causes(*((lane, baseline) if lane_is_slower else (baseline, lane)))
        case _:  # without a gap to explain, one lane may still buffer its answers
            return find_side_effects(baseline, lane)


def _no_difference(comparison: Comparison, options: VerdictOptions) -> NoDifference:
    return {
        "name": "no-difference",
        "lane": None,
        "share": None,
        "evidence": {"margin": options.margin, "interval": interval_ends(comparison.interval)},
    }


def _failures(report: Report, lanes: tuple[LaneMetrics, LaneMetrics]) -> Iterator[Errors]:
    names = [lane.name for lane in lanes]
    for lane in report["lanes"]:
        if lane["lane"] in names and failed_too_often(lane):
            yield {
                "name": "errors",
                "lane": lane["lane"],
                "share": None,
                "evidence": {"errors": lane["errors"]},
            }


def _load_generator(report: Report, options: VerdictOptions) -> Iterator[ClientBound]:
    if report["instrument"] and report["instrument"]["saturated"]:
        reason = options.disturbed_reason or options.no_verdict_reason
        yield {"name": "client-bound", "lane": None, "share": None, "evidence": {"why": reason}}


def _has_gap(comparison: Comparison, options: VerdictOptions) -> bool:
    """Return True if there is a gap to explain; a ratio inside the margin is none."""
    ratio = comparison.ratio
    if ratio is None or options.control:
        return False
    return max(ratio, 1 / ratio) > 1 + options.margin
