"""The one result object: what `burst --json` prints, the page shows and exports carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, cast

from dashboard.analysis.causes.view_calls import lane_answers
from dashboard.analysis.lane.config import UNKNOWN_CONFIG, LaneConfig
from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.analysis.samples import rounds, stats
from dashboard.analysis.samples.cut_off import PartialRounds, counted_lanes, stopped_words
from dashboard.analysis.samples.failure_limit import MAX_FAILED_SHARE, failed_too_often
from dashboard.analysis.samples.lane_samples import Lane, collect
from dashboard.analysis.samples.lateness import Lateness
from dashboard.analysis.text.view_calls import view_call_warnings
from dashboard.wire.codec import to_json
from dashboard.wire.lane_report import LaneReport, RateReport, WorstCaseReport
from dashboard.wire.plan import MARGIN, Plan
from dashboard.wire.plan import Lane as PlanLane
from dashboard.wire.report import DiscardReason, Environment, Instrument, LoadReport, Report

from .theory import theory
from .verdict import verdict
from .verdict_options import VerdictOptions

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
    """What a report says besides the numbers: which run this was, and how it was measured.

    `configs`, `rates` and `lateness` are in the order of the lanes, or empty. A rate is
    `{"offered_rps", "achieved_rps", "keeps_up", …}`; `lateness` is that of the load generator, by
    round. `no_verdict_reason` is a sentence on why no verdict can be given, `disturbed_reason`
    one on how the load generator reached its limit; None if neither happened. `discarded` maps
    the number of a repeated round to the reason. `control`: both lanes are the same (A/A).
    """

    run: str
    status: str
    environment: Environment
    warnings: Sequence[str] = ()
    discarded: Mapping[int, DiscardReason] = field(default_factory=dict)
    instrument: Instrument | None = None
    no_verdict_reason: str | None = None
    configs: Sequence[LaneConfig] = ()
    rates: Sequence[RateReport | None] = ()
    disturbed_reason: str | None = None
    lateness: Sequence[Mapping[int, Lateness]] = ()
    until_sure: bool = False
    margin: float = MARGIN
    control: bool = False


def make_report(plan: Plan, context: ReportContext, frames: Iterable[bytes | memoryview]) -> Report:
    """The result of a run from its stored frames, as in the command line's contract."""
    return report_of_lanes(plan, context, collect(frames, len(plan.lanes), context.discarded))


def report_of_lanes(plan: Plan, context: ReportContext, lanes: Sequence[Lane]) -> Report:
    """The same from what `collect` gathered, which is what saturation is judged by before."""
    found = counted_lanes(lanes, plan.load.requests, context.status)
    everything = [
        LaneMetrics(str(name), lane, config, plan.load, lateness)
        for name, lane, config, lateness in zip(
            *(plan.lanes, found.lanes, _configs(plan, context), _lateness(plan, context)),
            strict=True,
        )
    ]
    rates = [*context.rates] or [None] * len(plan.lanes)
    report: Report = {
        "run": context.run,
        "scenario": plan.scenario,
        "status": context.status,
        "load": _load(plan),
        "rounds": plan.rounds,
        "discarded_rounds": list(context.discarded),
        "discarded": [{"round": one, "reason": why} for one, why in context.discarded.items()],
        "seed": plan.seed,
        "parameters": dict(plan.parameters),
        "environment": context.environment,
        "lanes": [
            _lane(name, metrics, rate, partial, _worst_case(metrics, context))
            for name, metrics, rate, partial in zip(
                plan.lanes, everything, rates, found.partial, strict=True
            )
        ],
        "verdict": None,
        "instrument": context.instrument,
        "warnings": list(context.warnings),
    }
    report["warnings"] += filter(None, [stopped_words(report), *view_call_warnings(report)])
    options = VerdictOptions(
        until_sure=context.until_sure,
        margin=context.margin,
        control=context.control,
        no_verdict_reason=context.no_verdict_reason,
        disturbed_reason=context.disturbed_reason,
    )
    report["verdict"] = verdict(report, plan.lanes, everything, options)
    if report["verdict"]:
        report["warnings"] += report["verdict"]["warnings"]
    return report


def _configs(plan: Plan, context: ReportContext) -> list[LaneConfig]:
    return [*context.configs] or [UNKNOWN_CONFIG] * len(plan.lanes)


def _lateness(plan: Plan, context: ReportContext) -> list[Mapping[int, Lateness]]:
    return [*context.lateness] or [{}] * len(plan.lanes)


def _load(plan: Plan) -> LoadReport:
    """The load; of what only some loads have, what this one has."""
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
        "partial": None if partial is None else partial.to_json(),
        "makespan_s": stats.makespans_s(lane, requests),
        "response_p95_ms": list(rounds.response_p95_ms(lane, whole).values()),
        "throughput_rps": stats.throughput_rps(lane, requests),
        "latency_ms": stats.latency_ms(lane),
        "service_ms": stats.service_ms(lane),
        "first_byte_ms": stats.first_byte_ms(lane),
        "longest_gap_ms": stats.longest_gap_ms(lane),
        "segments_ms": stats.segments_ms(lane),
        "server_side": stats.server_side(lane, metrics.config.neighbour_cost),
        "requests_by_process": stats.requests_by_process(lane),
        "rate": rate,
        "theory": theory(metrics),
        "neighbour": stats.neighbour(lane, metrics.config.neighbour_cost),
        "worst_case": worst_case,
        "target": None,
    }


def _worst_case(metrics: LaneMetrics, context: ReportContext) -> WorstCaseReport | None:
    """The ends of the deciding metric in each whole round of a run that was disturbed."""
    if context.disturbed_reason is None:
        return None
    ends = [metrics.ends_by_round.get(number, (None, None)) for number in metrics.by_round]
    return {"low": [low for low, _ in ends], "high": [high for _, high in ends]}


def first_look(report: Report) -> list[float | None]:
    """Each lane's ratio to the baseline: the verdict's, and without one that of the medians.

    None where a lane has no whole round, or where more than 1 % of its requests failed: a lane
    that fails fast must not win.
    """
    if report["verdict"]:
        first = report["lanes"][0]
        counts = first["requests"] and not failed_too_often(first)
        ratios = (one["ratio"] for one in report["verdict"]["comparisons"])
        return [1.0 if counts else None, *ratios]
    middles = [_comparable_s(lane) for lane in report["lanes"]]
    baseline = middles[0]
    return [middle / baseline if middle and baseline else None for middle in middles]


def _comparable_s(lane: LaneReport) -> float | None:
    if not lane["makespan_s"] or failed_too_often(lane):
        return None
    return float(median(lane["makespan_s"]))
