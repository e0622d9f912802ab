"""The answer of a capacity: each configuration that was fired, and the least that holds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from dashboard.analysis.capacity.bisection import capacity_interval
from dashboard.analysis.capacity.ladder import Rung
from dashboard.analysis.text.capacity import capacity_sentence
from dashboard.models import Experiment, Run
from dashboard.runs.experiments.members import members_of
from dashboard.runs.reports.csv_lines import csv_lines
from dashboard.runs.reports.stored import measured_report
from dashboard.wire.codec import read_json
from dashboard.wire.experiments.capacity import (
    CandidateReport,
    CandidateState,
    CapacityAnswer,
    Extrapolated,
    Knee,
)
from dashboard.wire.plan.plan import Plan
from dashboard.wire.report.lanes import LaneReport

from .outcomes import AtRate, Outcomes, cores_of, knee_at, outcomes_of
from .question import Capacity, Configured
from .steps import bisected_rung

COLUMNS = (
    *("lane", "processes", "threads", "state", "predicted_rps", "low_rps", "high_rps"),
    *("memory_mb", "cores", "knee", "rate_rps", "held", "p95_ms", "achieved_rps", "why", "run"),
)


def capacity_answer(experiment: Experiment) -> CapacityAnswer:
    """Return the answer so far, specified in docs/commands.md."""
    capacity = Capacity.from_json(experiment.question)
    members = members_of(experiment, partial(_check, capacity))
    outcomes = outcomes_of(capacity, members.runs)
    running = next((run for run in members.runs if run.active), None)
    candidates = tuple(_candidates(capacity, outcomes, running))
    bisected = bisected_rung(capacity, outcomes)
    lane = bisected.lane if bisected else None
    holds = any(each.lane == lane and each.state == "holds" for each in candidates)
    limits = capacity.limits
    answer = CapacityAnswer(
        experiment=experiment.pk,
        kind=experiment.kind,
        status=experiment.status,
        problem=members.problem(experiment),
        project=experiment.project,
        scenario=capacity.plan.scenario,
        rate_rps=limits.rate_rps,
        p95_ms=limits.p95_ms,
        error_share=limits.error_share,
        memory_mb=limits.memory_mb,
        rounds=capacity.plan.rounds,
        duration_s=capacity.duration_s,
        seed=capacity.plan.seed,
        parameters=dict(capacity.plan.parameters),
        machine_cores=_cores(outcomes),
        candidates=candidates,
        best=lane if holds else None,
        largest=None if holds else lane,
        extrapolated=_extrapolated(candidates, lane, _cpus(members.runs)),
        running=running.pk if running else None,
        sentence="",
    )
    return capacity_sentence(answer)


def capacity_csv(answer: CapacityAnswer) -> str:
    """Return one row per rate of each configuration, with a heading; empty if unknown."""
    rows: list[dict[str, object]] = [
        {**vars(candidate), **vars(tried)}
        for candidate in answer.candidates
        for tried in candidate.tried
    ]
    return csv_lines([COLUMNS, *([row.get(name) for name in COLUMNS] for row in rows)])


def _check(capacity: Capacity, run: Run) -> None:
    """Raise an exception unless the run has what the answer shows of it."""
    plan = Plan.from_json(run.plan)
    if len(plan.lanes) != 1:
        raise ValueError("expected one lane")
    if report := measured_report(run):
        read_json(LaneReport, report["lanes"][0], ignore_unknown=True)
    outcomes_of(capacity, [run])
    _cpus([run])


def _candidates(
    capacity: Capacity, outcomes: Outcomes, running: Run | None
) -> Iterator[CandidateReport]:
    """Yield what was fired of each ladder, cheaper first."""
    fired_now = str(Plan.from_json(running.plan).lanes[0]) if running else ""
    for ladder in capacity.ladders:
        configured = {str(each.lane): each for each in ladder.configurations}
        for rung in outcomes.rungs(ladder):
            if rung.lane in outcomes.at_rates or rung.lane == fired_now:
                yield _candidate(outcomes, rung, configured[rung.lane], rung.lane == fired_now)


def _candidate(
    outcomes: Outcomes, rung: Rung, configured: Configured, is_running: bool
) -> CandidateReport:
    at_rates = sorted(outcomes.at_rates.get(rung.lane, []), key=lambda each: each.rate.rate_rps)
    interval = capacity_interval(outcomes.tried(rung.lane))
    low = _at(at_rates, interval.low_rps)
    high = _at(at_rates, interval.high_rps)
    requested = _at(at_rates, outcomes.limits.rate_rps)
    return CandidateReport(
        lane=rung.lane,
        processes=configured.processes,
        threads=configured.threads,
        predicted_rps=rung.predicted_rps,
        state=_state(requested, is_running=is_running),
        low_rps=interval.low_rps,
        high_rps=interval.high_rps,
        memory_mb=low.rate.memory_mb if low else None,
        cores=low.rate.cores if low else None,
        knee=_knee(outcomes, high, rung, configured),
        why=requested.why if requested else "",
        tried=tuple(each.rate for each in at_rates),
    )


def _at(at_rates: list[AtRate], rate_rps: float | None) -> AtRate | None:
    return next((each for each in at_rates if each.rate.rate_rps == rate_rps), None)


def _state(requested: AtRate | None, *, is_running: bool) -> CandidateState:
    """Return whether a lane held the requested rate."""
    if requested is None:
        return "running" if is_running else "undecided"
    if requested.tried is None:
        return "failed"
    held = requested.tried.held
    return "undecided" if held is None else "holds" if held else "fails"


def _knee(
    outcomes: Outcomes, high: AtRate | None, rung: Rung, configured: Configured
) -> Knee | None:
    """Return what a lane had run out of; None if that was not reached."""
    if high is None:
        return None
    return knee_at(high, outcomes.limits, configured) if rung.predicted_rps else "alone"


def _cores(outcomes: Outcomes) -> int:
    """Return how many cores targets may use; 0 before the first run."""
    alone = next((report for report in outcomes.alone.values() if report), None)
    return cores_of(alone) if alone else 0


def _cpus(runs: list[Run]) -> int:
    """Return how many cores the machine has; 0 if that is unknown."""
    cpus = next((run.environment.get("cpus") for run in runs if run.environment), None)
    return cpus if isinstance(cpus, int) else 0


def _extrapolated(
    candidates: tuple[CandidateReport, ...], lane: str | None, cpus: int
) -> Extrapolated | None:
    """Return the rate of the whole machine by that of each core; None if nothing is known.

    None too where the configuration used the whole machine already.
    """
    candidate = next((each for each in candidates if each.lane == lane), None)
    if not candidate or not candidate.low_rps or not candidate.cores or cpus <= candidate.cores:
        return None
    return Extrapolated(float(cpus), candidate.low_rps / candidate.cores * cpus)
