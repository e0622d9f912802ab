"""The verdict of a report: comparisons, their causes, server and code apart, one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from dashboard.analysis.causes.buffering import buffering_causes
from dashboard.analysis.causes.cause import Cause
from dashboard.analysis.causes.causes import find_causes
from dashboard.analysis.causes.shared_limit import find_shared_limit
from dashboard.analysis.causes.view_calls import redirected_unlike
from dashboard.analysis.inference.comparison import Comparison, Interval, compare
from dashboard.analysis.inference.control import assess
from dashboard.analysis.inference.decompose import Factor, decompose
from dashboard.analysis.inference.intervals import CORRELATION_WARNING
from dashboard.analysis.inference.worst_case import box_of
from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.analysis.samples.failure_limit import failed_too_often
from dashboard.analysis.samples.rounds import log_ratios
from dashboard.analysis.text.sentences import sentence
from dashboard.wire.lane_report import LaneReport
from dashboard.wire.plan import Lane as PlanLane
from dashboard.wire.report import Report
from dashboard.wire.verdict_report import (
    Answer,
    ComparisonReport,
    ControlReport,
    DisturbedReport,
    SharedLimitReport,
    VerdictReport,
)

from .secondary import secondary


@dataclass(frozen=True)
class VerdictOptions:
    """The rules of a verdict, fixed before the first round, and what makes it doubtful.

    `no_verdict_reason` is why no verdict can be given. `disturbed_reason` is how the load
    generator reached its limit, so that all of its lateness is charged. None: neither happened.
    """

    until_sure: bool
    margin: float
    control: bool
    no_verdict_reason: str | None
    disturbed_reason: str | None = None


def verdict(
    report: Report, names: Sequence[PlanLane], lanes: Sequence[LaneMetrics], options: VerdictOptions
) -> VerdictReport | None:
    """The report's `verdict`; None where there is but one lane.

    `report` is all of the report but this; `lanes` are what was seen of the plan's lanes, whose
    first is the baseline.
    """
    if len(lanes) < 2:
        return None
    found = _compare(report["lanes"], lanes, options)
    # The steps' own intervals hold no lateness, so a run that was disturbed has none.
    steps = [None] * len(found) if options.disturbed_reason else _factors(names, found, lanes)
    result: VerdictReport = {
        "metric": lanes[0].metric,
        "baseline": str(names[0]),
        "rule": "until-sure" if options.until_sure else "fixed",
        "margin": options.margin,
        "spoiled": options.no_verdict_reason,
        "disturbed": _disturbed(names, found, options),
        "comparisons": [
            _comparison(one, lane, _causes(report, position, one, lanes, options), factors)
            for position, (one, lane, factors) in enumerate(
                zip(found, lanes[1:], steps, strict=True), 1
            )
        ],
        "absolute": _absolute(lanes, found, options),
        "secondary": [one.to_json() for one in secondary(lanes)],
        "control": _control(report, found, options),
        "warnings": _warnings(names, found),
        "sentence": "",
    }
    result["sentence"] = sentence({**report, "verdict": result})
    return result


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
        [_refused(reports[0], lane, options) for lane in reports[1:]],
        until_sure=options.until_sure,
        margin=options.margin,
        boxes=boxes or None,
    )


def _refused(baseline: LaneReport, lane: LaneReport, options: VerdictOptions) -> Answer | None:
    """Why two lanes cannot be compared, if they cannot."""
    if options.no_verdict_reason:
        return "not-trusted"
    if failed_too_often(baseline) or failed_too_often(lane):
        return "errors"
    if redirected_unlike(baseline, lane):
        return "redirected"
    if any(one["rate"] and one["rate"]["keeps_up"] is False for one in (baseline, lane)):
        return "behind"
    return None


def _comparison(
    found: Comparison, lane: LaneMetrics, causes: Sequence[Cause], factors: list[Factor] | None
) -> ComparisonReport:
    return {
        "lane": lane.name,
        "answer": found.answer,
        "ratio": found.ratio,
        "interval": _ends(found.interval),
        "measured_interval": _measured(found.interval),
        "level": None if found.interval is None else found.interval.level,
        "method": None if found.interval is None else found.interval.method,
        "rounds": found.rounds,
        "round_ratios": None if found.between is None else list(found.between),
        "causes": [cause.to_json() for cause in causes],
        "factors": None if factors is None else [factor.to_json() for factor in factors],
    }


def _factors(
    names: Sequence[PlanLane], found: Sequence[Comparison], lanes: Sequence[LaneMetrics]
) -> list[list[Factor] | None]:
    """Server and code apart for each comparison, by way of lanes that could be compared."""
    by_round = {names[0]: lanes[0].by_round}
    by_round |= {
        name: lane.by_round
        for name, lane, one in zip(names[1:], lanes[1:], found, strict=True)
        if one.ratio and one.answer != "not-trusted"
    }
    baseline, *others = names
    return [
        decompose(name, baseline, by_round, one) for name, one in zip(others, found, strict=True)
    ]


def _absolute(
    lanes: Sequence[LaneMetrics], found: Sequence[Comparison], options: VerdictOptions
) -> SharedLimitReport | None:
    if options.control or options.disturbed_reason:
        return None  # what the lanes of a disturbed run share may be the load generator's limit
    absolute = find_shared_limit(lanes, found)
    return None if absolute is None else absolute.to_json()


def _measured(interval: Interval | None) -> list[float] | None:
    """Low and high without any lateness, of a disturbed run."""
    return None if interval is None or interval.measured is None else list(interval.measured)


def _ends(interval: Interval | None) -> list[float] | None:
    """Low and high; None where so few rounds know no end."""
    if interval is None or not isfinite(interval.high):
        return None
    return [interval.low, interval.high]


def _disturbed(
    names: Sequence[PlanLane], found: Sequence[Comparison], options: VerdictOptions
) -> DisturbedReport | None:
    """Why all lateness is charged, and between which ends each ratio is then at worst."""
    if options.disturbed_reason is None:
        return None
    worst = {str(name): _worst(one) for name, one in zip(names[1:], found, strict=True)}
    return {"reason": options.disturbed_reason, "intervals": worst}


def _worst(found: Comparison) -> list[float] | None:
    if found.interval is not None:
        return _ends(found.interval)
    return None if found.worst is None else list(found.worst)


def _causes(
    report: Report,
    position: int,
    found: Comparison,
    lanes: Sequence[LaneMetrics],
    options: VerdictOptions,
) -> list[Cause]:
    baseline, lane = lanes[0], lanes[position]
    match found.answer:
        case "errors":
            failing = [report["lanes"][at] for at in (0, position)]
            return [
                Cause("errors", one["lane"], None, {"errors": one["errors"]})
                for one in failing
                if failed_too_often(one)
            ]
        case "not-trusted":
            saturated = report["instrument"] and report["instrument"]["saturated"]
            why = options.disturbed_reason or options.no_verdict_reason
            client = Cause("client-bound", None, None, {"why": why})
            return [client] if saturated else []
        case "no-difference":
            evidence = {"margin": options.margin, "interval": _ends(found.interval)}
            return [Cause("no-difference", None, None, evidence), *buffering_causes(baseline, lane)]
        case "differs" | "first-look" if _apart(found, options.margin) and not options.control:
            slower_last = found.ratio is not None and found.ratio > 1
            return find_causes(*((lane, baseline) if slower_last else (baseline, lane)))
        case _:  # whoever came first, or whether anybody did: one may hold its answers back
            return [*buffering_causes(baseline, lane)]


def _apart(found: Comparison, margin: float) -> bool:
    """Whether there is a gap worth explaining: of a first look, only one beyond the margin."""
    return found.ratio is not None and max(found.ratio, 1 / found.ratio) > 1 + margin


def _control(
    report: Report, found: Sequence[Comparison], options: VerdictOptions
) -> ControlReport | None:
    if not options.control:
        return None
    steal_percent = report["instrument"] and report["instrument"]["steal_percent"]
    return assess(found[0], steal_percent, report["environment"])


def _warnings(names: Sequence[PlanLane], found: Sequence[Comparison]) -> list[str]:
    return [
        f"{name}: each round resembles the one before (lag-1 correlation {one.correlation:.2f}),"
        " so the interval may be too narrow."
        for name, one in zip(names[1:], found, strict=True)
        if one.interval and one.correlation and one.correlation > CORRELATION_WARNING
    ]
