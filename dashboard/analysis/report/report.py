"""The report of a run: what `burst --json` prints, the page shows and exports carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, cast

from dashboard.analysis.causes.view_calls import lane_answers
from dashboard.analysis.lane.config import UNKNOWN_CONFIG, LaneConfig
from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.analysis.samples import bystander, rounds, server_side, stats
from dashboard.analysis.samples.cut_off import PartialRounds, counted_lanes, stopped_text
from dashboard.analysis.samples.failure_limit import MAX_FAILED_SHARE, failed_too_often
from dashboard.analysis.samples.lane_samples import Lane, collect
from dashboard.analysis.samples.lateness import Lateness
from dashboard.analysis.text.causes.connections import leak_warnings
from dashboard.analysis.text.causes.view_calls import view_call_warnings
from dashboard.wire.codec import to_json
from dashboard.wire.plan.plan import MARGIN, Plan
from dashboard.wire.plan.plan import Lane as PlanLane
from dashboard.wire.report.lanes import LaneReport, RateReport, WorstCaseReport
from dashboard.wire.report.report import DiscardReason, Environment, Instrument, LoadReport, Report
from dashboard.wire.report.where import LaneWhere

from .theory import theory
from .verdict import verdict
from .verdict_options import VerdictOptions
from .view_reports import view_reports

__all__ = [
    "MAX_FAILED_SHARE",
    "Report",
    "ReportContext",
    "first_look",
    "make_report",
    "report_of_lanes",
]

RARE = ("send_kb_per_s", "every_s")


@dataclass(frozen=True)
class ReportContext:
    """What a report contains besides its numbers: which run it is of, and how it was measured.

    `configs`, `rates` and `lateness` are in the order of the lanes, or empty. A rate is
    `{"offered_rps", "achieved_rps", "keeps_up", …}`; `lateness` is that of the load generator, by
    round. `no_verdict_reason` is a sentence on why no verdict can be given, `faults` has it by lane
    unless it concerns all of them, and `disturbed_reason` is one on how the load generator reached
    its limit, at the lanes `disturbed_at`; None if neither happened. `discarded` maps the number of
    a repeated round to the reason. `control`: both lanes are the same (A/A). `where` has the lanes
    that were sampled, by name.
    """

    run: str
    status: str
    environment: Environment
    warnings: Sequence[str] = ()
    discarded: Mapping[int, DiscardReason] = field(default_factory=dict)
    instrument: Instrument | None = None
    no_verdict_reason: str | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    configs: Sequence[LaneConfig] = ()
    rates: Sequence[RateReport | None] = ()
    disturbed_reason: str | None = None
    disturbed_at: Sequence[str] = ()
    lateness: Sequence[Mapping[int, Lateness]] = ()
    until_sure: bool = False
    margin: float = MARGIN
    control: bool = False
    where: Mapping[str, LaneWhere] = field(default_factory=dict)


def make_report(plan: Plan, context: ReportContext, frames: Iterable[bytes]) -> Report:
    """Return the report of a run from its stored frames, as in the command line's contract."""
    return report_of_lanes(plan, context, collect(frames, len(plan.lanes), context.discarded))


def report_of_lanes(plan: Plan, context: ReportContext, lanes: Sequence[Lane]) -> Report:
    """Return the report from lanes that `collect` already gathered."""
    counted = counted_lanes(lanes, plan.load.requests, context.status)
    metrics = _metrics(plan, context, counted.lanes)
    rates = [*context.rates] or [None] * len(plan.lanes)
    report: Report = {
        "run": context.run,
        "scenario": plan.scenario,
        "status": context.status,
        "load": _load(plan),
        "rounds": plan.rounds,
        "discarded_rounds": list(context.discarded),
        "discarded": [
            {"round": number, "reason": reason} for number, reason in context.discarded.items()
        ],
        "seed": plan.seed,
        "parameters": dict(plan.parameters),
        "environment": context.environment,
        "lanes": [
            _lane(name, lane, rate, partial, _worst_case(lane, context))
            for name, lane, rate, partial in zip(
                plan.lanes, metrics, rates, counted.partial, strict=True
            )
        ],
        "verdict": None,
        "instrument": context.instrument,
        "warnings": list(context.warnings),
    }
    report["warnings"] += filter(None, [stopped_text(report), *view_call_warnings(report)])
    report["warnings"] += leak_warnings(metrics)
    options = _options(context)
    report["verdict"] = verdict(report, plan.lanes, metrics, options)
    if plan.mix:
        report["mixed_views"] = view_reports(plan, metrics, report, options)
    if report["verdict"]:
        report["warnings"] += report["verdict"]["warnings"]
    return report


def _metrics(plan: Plan, context: ReportContext, lanes: Sequence[Lane]) -> list[LaneMetrics]:
    configs = [*context.configs] or [UNKNOWN_CONFIG] * len(lanes)
    lateness: Sequence[Mapping[int, Lateness]] = [*context.lateness] or [{}] * len(lanes)
    return [
        LaneMetrics(str(name), lane, config, plan.load, late)
        for name, lane, config, late in zip(plan.lanes, lanes, configs, lateness, strict=True)
    ]


def _options(context: ReportContext) -> VerdictOptions:
    return VerdictOptions(
        until_sure=context.until_sure,
        margin=context.margin,
        control=context.control,
        no_verdict_reason=context.no_verdict_reason,
        faults=context.faults,
        disturbed_reason=context.disturbed_reason,
        disturbed_at=context.disturbed_at,
        where=context.where,
    )


def _load(plan: Plan) -> LoadReport:
    """Return the load as JSON, without the keys of other kinds of loads."""
    load = to_json(plan.load)
    own = {name: value for name, value in load.items() if name not in RARE or value}
    report: Any = {"kind": own.pop("kind"), **own}
    return cast(LoadReport, report)


def _lane(
    name: PlanLane,
    metrics: LaneMetrics,
    rate: RateReport | None,
    partial: PartialRounds | None,
    worst_case: WorstCaseReport | None,
) -> LaneReport:
    lane, requests = metrics.lane, metrics.load.requests
    whole, errors = stats.whole_rounds(lane, requests), stats.errors(lane)
    return {
        "lane": str(name),
        "variant": name.variant,
        "server": name.server,
        "requests": int(lane.samples["done"].size),
        "ok": int(lane.ok.sum()),
        "errors": errors,
        **lane_answers(lane, metrics.config.answers, errors),
        "cut_off": partial.cut_off if partial else int(lane.cut_off["done"].size),
        "partial": to_json(partial),
        "makespan_s": stats.makespans_s(lane, requests),
        "response_p95_ms": list(rounds.response_p95_ms(lane, whole).values()),
        "throughput_rps": stats.throughput_rps(lane, requests),
        "latency_ms": stats.latency_ms(lane),
        "service_ms": stats.service_ms(lane),
        "first_byte_ms": stats.first_byte_ms(lane),
        "longest_gap_ms": stats.longest_gap_ms(lane),
        "segments_ms": stats.segments_ms(lane),
        "server_side": server_side.server_side(lane, metrics.config.bystander_cost),
        "requests_by_process": server_side.requests_by_process(lane),
        "rate": rate,
        "theory": theory(metrics),
        "neighbour": bystander.bystander(lane, metrics.config.bystander_cost),
        "worst_case": worst_case,
        "target": None,
    }


def _worst_case(metrics: LaneMetrics, context: ReportContext) -> WorstCaseReport | None:
    """Return the bounds of the deciding metric in each whole round of a disturbed run."""
    if context.disturbed_reason is None:
        return None
    ends = [metrics.ends_by_round.get(number, (None, None)) for number in metrics.by_round]
    return {"low": [low for low, _ in ends], "high": [high for _, high in ends]}


def first_look(report: Report) -> list[float | None]:
    """Return each lane's ratio to the baseline: the verdict's, or without one that of medians.

    None for a lane without a whole round, or of which more than 1 % of the requests failed: a
    lane that fails fast must not win.
    """
    if report["verdict"]:
        first = report["lanes"][0]
        counts = first["requests"] and not failed_too_often(first)
        ratios = (comparison["ratio"] for comparison in report["verdict"]["comparisons"])
        return [1.0 if counts else None, *ratios]
    medians = [_median_s(lane) for lane in report["lanes"]]
    baseline = medians[0]
    return [value / baseline if value and baseline else None for value in medians]


def _median_s(lane: LaneReport) -> float | None:
    if not lane["makespan_s"] or failed_too_often(lane):
        return None
    return float(median(lane["makespan_s"]))
