"""The one result object: what `burst --json` prints, the page shows and exports carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from dashboard.wire.plan import Lane as PlanLane
from dashboard.wire.plan import Plan

from . import stats
from .collect import Lane, collect

Report = dict[str, Any]

MAX_FAILED_SHARE = 0.01


@dataclass(frozen=True)
class About:
    """What a report says besides the numbers: which run this was, and how it was measured."""

    run: str
    status: str
    environment: Mapping[str, Any]
    warnings: Sequence[str] = ()


def make_report(plan: Plan, about: About, frames: Iterable[bytes | memoryview]) -> Report:
    """The result of a run from its stored frames, as in the command line's contract.

    `verdict`, `instrument` and `neighbour` are None: nothing measures them yet.
    """
    lanes = collect(frames, len(plan.lanes))
    return {
        "run": about.run,
        "scenario": plan.scenario,
        "status": about.status,
        "load": _load(plan),
        "rounds": plan.rounds,
        "seed": plan.seed,
        "parameters": dict(plan.parameters),
        "environment": dict(about.environment),
        "lanes": [
            _lane(name, lane, plan.load.requests)
            for name, lane in zip(plan.lanes, lanes, strict=True)
        ],
        "verdict": None,
        "instrument": None,
        "warnings": list(about.warnings),
    }


def _load(plan: Plan) -> dict[str, Any]:
    load = asdict(plan.load)
    return {"kind": load.pop("kind"), **load}


def _lane(name: PlanLane, lane: Lane, requests: int) -> dict[str, Any]:
    return {
        "lane": str(name),
        "variant": name.variant,
        "server": name.server,
        "requests": int(lane.samples["done"].size),
        "ok": int(lane.ok.sum()),
        "errors": stats.errors(lane),
        "makespan_s": stats.makespans_s(lane, requests),
        "throughput_rps": stats.throughput_rps(lane, requests),
        "latency_ms": stats.latency_ms(lane),
        "service_ms": stats.service_ms(lane),
        "segments_ms": stats.segments_ms(lane),
        "server_side": stats.server_side(lane),
        "requests_by_process": stats.requests_by_process(lane),
        "neighbour": None,
    }


def first_look(report: Report) -> list[float | None]:
    """Each lane's median makespan over the baseline's: a ratio without an interval.

    None where a lane has no whole round, or where more than 1 % of its requests failed: a lane
    that fails fast must not win.
    """
    middles = [_comparable_s(lane) for lane in report["lanes"]]
    baseline = middles[0]
    return [middle / baseline if middle and baseline else None for middle in middles]


def _comparable_s(lane: Mapping[str, Any]) -> float | None:
    failed = lane["requests"] - lane["ok"]
    if not lane["makespan_s"] or failed > MAX_FAILED_SHARE * lane["requests"]:
        return None
    return float(median(lane["makespan_s"]))
