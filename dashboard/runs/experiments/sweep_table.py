"""The answer of a sweep: each lane at each level, and the crossovers, from the runs so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from dashboard.analysis.inference.crossover import Crossover, crossover, level_of, theory_crossover
from dashboard.analysis.text.crossover import crossover_sentence
from dashboard.models import Experiment, Run, RunLane
from dashboard.runs.planning.plans import theory_s
from dashboard.runs.reports.csv_lines import csv_lines
from dashboard.runs.reports.stored import measured_report
from dashboard.wire.codec import read_json, to_json
from dashboard.wire.experiments.crossover import CrossoverReport, LevelReport
from dashboard.wire.experiments.sweep import (
    LevelLane,
    LevelNumbers,
    SweepAnswer,
    SweepCrossover,
    SweepLevel,
)
from dashboard.wire.plan.plan import Load, Plan, Rate
from dashboard.wire.report.lanes import LaneReport

from .members import members_of
from .sweep import Sweep
from .sweep_axis import CONCURRENCY

COLUMNS = (
    *("at", "lane", "throughput_rps", "theory_rps", "p50_ms", "p95_ms", "requests", "failed"),
    *("standing", "ratio", "low", "high", "why", "run"),
)


def sweep_answer(experiment: Experiment) -> SweepAnswer:
    """Return the JSON object of a sweep, specified in docs/commands.md."""
    sweep = Sweep.from_json(experiment.question)
    members = members_of(experiment, partial(_check, sweep))
    stored = members.runs
    runs = {sweep.axis.level_of(Plan.from_json(run.plan)): run for run in stored}
    over = {at: runs[at] for at in sorted(runs) if not runs[at].active}
    crossovers = [_crossover(sweep, over, str(lane)) for lane in sweep.plan.lanes[1:]]
    return {
        "experiment": experiment.pk,
        "kind": experiment.kind,
        "status": experiment.status,
        "problem": members.problem(experiment),
        "project": experiment.project,
        "scenario": sweep.plan.scenario,
        "over": {
            "name": sweep.axis.name,
            "low": sweep.axis.low,
            "high": sweep.axis.high,
            "unit": sweep.axis.unit,
            "whole": sweep.axis.whole,
        },
        "lanes": [str(lane) for lane in sweep.plan.lanes],
        "baseline": str(sweep.plan.lanes[0]),
        "families": _families(stored),
        "rounds": sweep.plan.rounds,
        "margin": sweep.plan.margin,
        "seed": sweep.plan.seed,
        "parameters": dict(sweep.plan.parameters),
        "planned": list(sweep.levels),
        "levels": [_level(at, run, sweep) for at, run in over.items()],
        "running": next((run.pk for run in stored if run.active), None),
        "crossovers": crossovers,
        "sentence": " ".join(filter(None, (answer["sentence"] for answer in crossovers))),
    }


def sweep_csv(answer: SweepAnswer) -> str:
    """Return one row per lane and level, with a heading; empty if unknown."""
    rows: list[dict[str, object]] = []
    for level in answer["levels"]:
        for lane in level["lanes"]:
            low, high = lane["interval"] or (None, None)
            row = {**lane, "at": level["at"], "run": level["run"], "low": low, "high": high}
            rows.append(row)
    return csv_lines([COLUMNS, *([row.get(name) for name in COLUMNS] for row in rows)])


def _check(sweep: Sweep, run: Run) -> None:
    """Raise an exception unless the run has what a level shows of it."""
    level = _level(sweep.axis.level_of(Plan.from_json(run.plan)), run, sweep)
    read_json(SweepLevel, level)
    if [lane["lane"] for lane in level["lanes"]] != [str(lane) for lane in sweep.plan.lanes]:
        raise ValueError("expected the lanes of the sweep")


def _families(runs: Sequence[Run]) -> dict[str, str]:
    return {lane.name: lane.family for lane in runs[0].lanes.all()} if runs else {}


def _level(at: float, run: Run, sweep: Sweep) -> SweepLevel:
    plan = Plan.from_json(run.plan)
    return {
        "at": at,
        "run": run.pk,
        "status": run.status,
        "problem": run.problem,
        "log_tail": run.log_tail,
        "words": sweep.axis.words(at),
        "requests": plan.load.requests,
        "lanes": [_lane(at, run, lane, plan.load) for lane in run.lanes.all()],
    }


def _lane(at: float, run: Run, lane: RunLane, load: Load) -> LevelLane:
    report = measured_report(run)
    standing: LevelReport = to_json(level_of(at, report, lane.name))
    baseline = lane.position == 0
    return {
        "lane": lane.name,
        "theory_rps": _theory_rps(load, lane.capacity, lane.wait_s),
        **(_numbers(report["lanes"][lane.position]) if report else NO_NUMBERS),
        "standing": "baseline" if baseline else standing["standing"],
        "ratio": None if baseline else standing["ratio"],
        "interval": None if baseline else standing["interval"],
        "why": None if baseline else standing["why"],
    }


NO_NUMBERS: LevelNumbers = {
    "throughput_rps": None,
    "p50_ms": None,
    "p95_ms": None,
    "requests": None,
    "failed": None,
    "keeps_up": None,
}


def _numbers(report: LaneReport) -> LevelNumbers:
    """Return a lane's numbers; without percentiles if it fell behind its rate.

    They would depend on how long the rate lasted.
    """
    rate = report["rate"]
    keeps_up = None if rate is None else rate["keeps_up"]
    valid = keeps_up is not False
    return {
        "throughput_rps": rate["achieved_rps"] if rate else report["throughput_rps"],
        "p50_ms": report["latency_ms"]["p50"] if valid else None,
        "p95_ms": report["latency_ms"]["p95"] if valid else None,
        "requests": report["requests"],
        "failed": report["requests"] - report["ok"],
        "keeps_up": keeps_up,
    }


def _theory_rps(load: Load, capacity: int | None, wait_s: float | None) -> float | None:
    """Return the throughput if only waiting took time: N / total time, or the rate up to k / d."""
    if not wait_s:
        return None
    if isinstance(load, Rate):
        return load.rate_rps if capacity is None else min(load.rate_rps, capacity / wait_s)
    makespan_s = theory_s(load, capacity, wait_s)
    return load.requests / makespan_s if makespan_s else None


def _crossover(sweep: Sweep, runs: Mapping[float, Run], lane: str) -> SweepCrossover:
    axis, baseline = sweep.axis, str(sweep.plan.lanes[0])
    levels = [level_of(at, measured_report(run), lane) for at, run in runs.items()]
    if not levels:
        none: CrossoverReport = to_json(Crossover("undecided", ()))
        return {"lane": lane, "baseline": baseline, **none, "theory_from": None, "sentence": ""}
    result = crossover(levels, whole=axis.whole)
    words = crossover_sentence(result, levels, (lane, baseline), axis.words, sweep.plan.margin)
    shown: CrossoverReport = to_json(result)
    theory = next(_theory(sweep, list(runs.values()), lane), None)
    by_theory = f" In theory from {axis.words(theory)} on." if theory else ""
    return {
        "lane": lane,
        "baseline": baseline,
        **shown,
        "theory_from": theory,
        "sentence": words + by_theory,
    }


def _theory(sweep: Sweep, runs: Sequence[Run], lane: str) -> Iterator[int]:
    """Yield the level from which two lanes that wait alike differ by their pools, if in range."""
    lanes = {stored.name: stored for stored in runs[0].lanes.all()}
    stored, baseline = lanes[lane], lanes[str(sweep.plan.lanes[0])]
    if sweep.axis.name != CONCURRENCY or not stored.wait_s or stored.wait_s != baseline.wait_s:
        return
    first = theory_crossover(stored.capacity, baseline.capacity)
    if first is not None and sweep.axis.low < first <= sweep.axis.high:
        yield first
