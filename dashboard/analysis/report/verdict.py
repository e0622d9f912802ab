"""The verdict of a report: comparisons with causes, server and code apart, and the sentence."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.analysis.causes.lines import add_lines
from dashboard.analysis.causes.shared_limit import find_shared_limit
from dashboard.analysis.causes.view_calls import redirected_unlike
from dashboard.analysis.inference.comparison import Comparison, compare
from dashboard.analysis.inference.control import assess
from dashboard.analysis.inference.decompose import Factor, decompose
from dashboard.analysis.inference.intervals import CORRELATION_WARNING
from dashboard.analysis.inference.worst_case import box_of
from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.analysis.samples.failure_limit import failed_too_often
from dashboard.analysis.samples.rounds import log_ratios
from dashboard.analysis.text.verdict.sentences import headline, sentence
from dashboard.wire.codec import to_json
from dashboard.wire.plan.plan import Lane as PlanLane
from dashboard.wire.report.causes import CauseReport
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import (
    Answer,
    ComparisonReport,
    ControlReport,
    DisturbedReport,
    SharedLimitReport,
    VerdictReport,
)

from .comparison_causes import causes_of
from .comparison_json import comparison_json, worst_case_ends
from .secondary import secondary
from .verdict_options import VerdictOptions


def verdict(
    report: Report, names: Sequence[PlanLane], lanes: Sequence[LaneMetrics], options: VerdictOptions
) -> VerdictReport | None:
    """Return the report's `verdict`; None for a single lane.

    `report` is the report without its verdict. `lanes` are in the order of `names`, the baseline
    first.
    """
    if len(lanes) < 2:
        return None
    comparisons = _compare(report["lanes"], lanes, options)
    result: VerdictReport = {
        "metric": lanes[0].metric,
        "baseline": str(names[0]),
        "rule": "until-sure" if options.until_sure else "fixed",
        "margin": options.margin,
        "spoiled": options.no_verdict_reason,
        "faults": dict(options.faults),
        "disturbed": _disturbed(names, comparisons, options),
        "comparisons": _comparisons_json(report, names, lanes, comparisons, options),
        "absolute": _shared_limit(lanes, comparisons, options),
        "secondary": to_json(secondary(_succeeding(report["lanes"], lanes))),
        "control": _control(report, comparisons, options),
        "warnings": _warnings(names, comparisons),
        "headline": "",
        "sentence": "",
    }
    judged: Report = {**report, "verdict": result}
    result["headline"], result["sentence"] = headline(judged), sentence(judged)
    return result


def _comparisons_json(
    report: Report,
    names: Sequence[PlanLane],
    lanes: Sequence[LaneMetrics],
    comparisons: Sequence[Comparison],
    options: VerdictOptions,
) -> list[ComparisonReport]:
    """Return each comparison with its causes, and with server and code apart."""
    causes_by_lane = _causes(report, comparisons, lanes, options)
    factors_by_lane = _factors(names, comparisons, lanes, options)
    return [
        comparison_json(comparison, lane.name, causes, factors)
        for comparison, lane, causes, factors in zip(
            comparisons, lanes[1:], causes_by_lane, factors_by_lane, strict=True
        )
    ]


def _compare(
    reports: Sequence[LaneReport], lanes: Sequence[LaneMetrics], options: VerdictOptions
) -> list[Comparison]:
    base, others = lanes[0], lanes[1:]
    boxes = [
        box_of(base.ends_by_round, lane.ends_by_round, (base.by_round, lane.by_round))
        for lane in others
        if options.disturbed_reason
    ]
    return compare(
        [log_ratios(base.by_round, lane.by_round) for lane in others],
        [_refusal(reports[0], lane, options) for lane in reports[1:]],
        until_sure=options.until_sure,
        margin=options.margin,
        boxes=boxes or None,
    )


def _refusal(baseline: LaneReport, lane: LaneReport, options: VerdictOptions) -> Answer | None:
    """Return why two lanes cannot be compared, None if they can."""
    if options.no_verdict(lane["lane"], baseline["lane"]):
        return "not-trusted"
    if failed_too_often(baseline) or failed_too_often(lane):
        return "errors"
    if redirected_unlike(baseline, lane):
        return "redirected"
    rates = (baseline["rate"], lane["rate"])
    if any(rate and rate["keeps_up"] is False for rate in rates):
        return "behind"
    return None


def _causes(
    report: Report,
    comparisons: Sequence[Comparison],
    lanes: Sequence[LaneMetrics],
    options: VerdictOptions,
) -> list[list[CauseReport]]:
    causes = [
        causes_of(comparison, report, (lanes[0], lane), options)
        for comparison, lane in zip(comparisons, lanes[1:], strict=True)
    ]
    for each in causes:
        add_lines(each, options.where)
    return causes


def _factors(
    names: Sequence[PlanLane],
    comparisons: Sequence[Comparison],
    lanes: Sequence[LaneMetrics],
    options: VerdictOptions,
) -> list[list[Factor] | None]:
    """Return server and code apart for each comparison, by way of lanes that can be compared.

    None for a disturbed run: the intervals of single steps hold no lateness.
    """
    if options.disturbed_reason:
        return [None] * len(comparisons)
    by_round = {names[0]: lanes[0].by_round}
    by_round |= {
        name: lane.by_round
        for name, lane, comparison in zip(names[1:], lanes[1:], comparisons, strict=True)
        if comparison.ratio and comparison.answer != "not-trusted"
    }
    baseline, *others = names
    pairs = zip(others, comparisons, strict=True)
    return [decompose(name, baseline, by_round, comparison) for name, comparison in pairs]


def _shared_limit(
    lanes: Sequence[LaneMetrics], comparisons: Sequence[Comparison], options: VerdictOptions
) -> SharedLimitReport | None:
    if options.control or options.disturbed_reason:
        return None  # what the lanes of a disturbed run share may be the load generator's limit
    return find_shared_limit(lanes, comparisons)


def _disturbed(
    names: Sequence[PlanLane], comparisons: Sequence[Comparison], options: VerdictOptions
) -> DisturbedReport | None:
    """Return why all lateness is charged, with the range of each ratio in the worst case."""
    if options.disturbed_reason is None:
        return None
    pairs = zip(names[1:], comparisons, strict=True)
    intervals = {str(name): worst_case_ends(comparison) for name, comparison in pairs}
    return {
        "reason": options.disturbed_reason,
        "lanes": list(options.disturbed_at),
        "intervals": intervals,
    }


def _succeeding(reports: Sequence[LaneReport], lanes: Sequence[LaneMetrics]) -> list[LaneMetrics]:
    """Return the lanes whose requests succeed: what a failure costs is no cost of the view."""
    pairs = zip(reports, lanes, strict=True)
    return [lane for report, lane in pairs if not failed_too_often(report)]


def _control(
    report: Report, comparisons: Sequence[Comparison], options: VerdictOptions
) -> ControlReport | None:
    if not options.control:
        return None
    steal_percent = report["instrument"] and report["instrument"]["steal_percent"]
    return assess(comparisons[0], steal_percent, report["environment"])


def _warnings(names: Sequence[PlanLane], comparisons: Sequence[Comparison]) -> list[str]:
    return [
        f"{name}: each round resembles the one before it (lag-1 correlation"
        f" {comparison.correlation:.2f}), so the interval may be too narrow."
        for name, comparison in zip(names[1:], comparisons, strict=True)
        if comparison.interval
        and comparison.correlation
        and comparison.correlation > CORRELATION_WARNING
    ]
