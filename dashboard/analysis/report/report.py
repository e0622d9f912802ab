"""The one result object: what `burst --json` prints, the page shows and exports carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from dashboard.analysis.causes.answered import answered_words, lane_answers
from dashboard.analysis.causes.lane_config import NOTHING_KNOWN, LaneFacts
from dashboard.analysis.causes.lane_metrics import Seen
from dashboard.analysis.samples import rounds, stats
from dashboard.analysis.samples.cut_off import Partial, counted_lanes, stopped_words
from dashboard.analysis.samples.failure_limit import MAX_FAILED_SHARE, failed_too_often
from dashboard.analysis.samples.lane_samples import Lane, collect
from dashboard.analysis.samples.lateness import Lateness
from dashboard.wire.plan import MARGIN, Plan
from dashboard.wire.plan import Lane as PlanLane

from .theory import theory
from .verdict import Question, verdict

__all__ = ["MAX_FAILED_SHARE", "About", "Report", "first_look", "make_report", "report_of_lanes"]

Report = dict[str, Any]
RARE = ("send_kb_per_s", "every_s")


@dataclass(frozen=True)
class About:
    """What a report says besides the numbers: which run this was, and how it was measured.

    `facts` and `rates` stand in the order of the lanes, or are empty. A rate is a lane's
    `{"offered_rps", "achieved_rps", "keeps_up", …}`. `spoiled` says in words why there can be
    no verdict; None: nothing spoiled it. `discarded`: why a round was repeated, by its number.
    `control`: the lanes are one and the same. `disturbed` says in words how the engine was at its
    limit, and `late` for each lane, by round, what is known of how late it was.
    """

    run: str
    status: str
    environment: Mapping[str, Any]
    warnings: Sequence[str] = ()
    discarded: Mapping[int, str] = field(default_factory=dict)
    instrument: Mapping[str, Any] | None = None
    spoiled: str | None = None
    facts: Sequence[LaneFacts] = ()
    rates: Sequence[Mapping[str, Any] | None] = ()
    disturbed: str | None = None
    late: Sequence[Mapping[int, Lateness]] = ()
    until_sure: bool = False
    margin: float = MARGIN
    control: bool = False


def make_report(plan: Plan, about: About, frames: Iterable[bytes | memoryview]) -> Report:
    """The result of a run from its stored frames, as in the command line's contract."""
    return report_of_lanes(plan, about, collect(frames, len(plan.lanes), about.discarded))


def report_of_lanes(plan: Plan, about: About, lanes: Sequence[Lane]) -> Report:
    """The same from what `collect` gathered, which is what saturation is judged by before."""
    found = counted_lanes(lanes, plan.load.requests, about.status)
    everything = [
        Seen(str(name), lane, facts, plan.load, late)
        for name, lane, facts, late in zip(
            *(plan.lanes, found.lanes, _facts(plan, about), _late(plan, about)), strict=True
        )
    ]
    rates = [*about.rates] or [None] * len(plan.lanes)
    report: Report = {
        "run": about.run,
        "scenario": plan.scenario,
        "status": about.status,
        "load": _load(plan),
        "rounds": plan.rounds,
        "discarded_rounds": list(about.discarded),
        "discarded": [{"round": one, "reason": why} for one, why in about.discarded.items()],
        "seed": plan.seed,
        "parameters": dict(plan.parameters),
        "environment": dict(about.environment),
        "lanes": [
            {**_lane(name, seen, rate, partial), "worst_case": _worst_case(seen, about)}
            for name, seen, rate, partial in zip(
                plan.lanes, everything, rates, found.partial, strict=True
            )
        ],
        "verdict": None,
        "instrument": None if about.instrument is None else dict(about.instrument),
        "warnings": list(about.warnings),
    }
    report["warnings"] += filter(None, [stopped_words(report), *answered_words(report)])
    question = Question(
        until_sure=about.until_sure,
        margin=about.margin,
        control=about.control,
        spoiled=about.spoiled,
        disturbed=about.disturbed,
    )
    report["verdict"] = verdict(report, plan.lanes, everything, question)
    if report["verdict"]:
        report["warnings"] += report["verdict"]["warnings"]
    return report


def _facts(plan: Plan, about: About) -> list[LaneFacts]:
    return [*about.facts] or [NOTHING_KNOWN] * len(plan.lanes)


def _late(plan: Plan, about: About) -> list[Mapping[int, Lateness]]:
    return [*about.late] or [{}] * len(plan.lanes)


def _load(plan: Plan) -> dict[str, Any]:
    """The load; of what only some loads have, what this one has."""
    load = asdict(plan.load)
    own = {name: value for name, value in load.items() if name not in RARE or value}
    return {"kind": own.pop("kind"), **own}


def _lane(
    name: PlanLane, seen: Seen, rate: Mapping[str, Any] | None, partial: Partial | None
) -> dict[str, Any]:
    lane, requests = seen.lane, seen.load.requests
    whole, errors = stats.whole_rounds(lane, requests), stats.errors(lane)
    return {
        "lane": str(name),
        "variant": name.variant,
        "server": name.server,
        "requests": int(lane.samples["done"].size),
        "ok": int(lane.ok.sum()),
        "errors": errors,
        **lane_answers(lane, seen.facts.answers, errors),
        "cut_off": partial.cut_off if partial else int(lane.cut_off["done"].size),
        "partial": partial and partial.to_json(),
        "makespan_s": stats.makespans_s(lane, requests),
        "response_p95_ms": list(rounds.response_p95_ms(lane, whole).values()),
        "throughput_rps": stats.throughput_rps(lane, requests),
        "latency_ms": stats.latency_ms(lane),
        "service_ms": stats.service_ms(lane),
        "first_byte_ms": stats.first_byte_ms(lane),
        "longest_gap_ms": stats.longest_gap_ms(lane),
        "segments_ms": stats.segments_ms(lane),
        "server_side": stats.server_side(lane, seen.facts.neighbour_cost),
        "requests_by_process": stats.requests_by_process(lane),
        "rate": None if rate is None else dict(rate),
        "theory": theory(seen),
        "neighbour": stats.neighbour(lane, seen.facts.neighbour_cost),
    }


def _worst_case(seen: Seen, about: About) -> dict[str, list[float | None]] | None:
    """The ends of the deciding metric in each whole round of a run that was disturbed."""
    if about.disturbed is None:
        return None
    ends = [seen.ends_by_round.get(number, (None, None)) for number in seen.by_round]
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


def _comparable_s(lane: Mapping[str, Any]) -> float | None:
    if not lane["makespan_s"] or failed_too_often(lane):
        return None
    return float(median(lane["makespan_s"]))
