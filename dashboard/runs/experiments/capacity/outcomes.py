"""What the runs of a capacity have measured so far: each lane alone, and at each rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import cpu_count

from dashboard.analysis.capacity.bisection import Tried
from dashboard.analysis.capacity.judgement import Judgement, Limits, judged
from dashboard.analysis.capacity.knee import cores_used, knee_of
from dashboard.analysis.capacity.ladder import Rung, rungs
from dashboard.analysis.model.view_model import Configuration, Work
from dashboard.analysis.report.claim_doubts import why_not_trusted
from dashboard.models import Run
from dashboard.runs.reports.stored import measured_report
from dashboard.wire.experiments.capacity import Knee, TriedRate
from dashboard.wire.plan.plan import Plan, Rate
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.units import MS_PER_S

from .question import Capacity, Configured, Ladder


@dataclass(frozen=True)
class AtRate:
    """One run at a rate; `tried` is None if the run measured nothing, for the reason `why`."""

    rate: TriedRate
    tried: Tried | None
    report: LaneReport | None
    why: str


@dataclass(frozen=True)
class Outcomes:
    """The runs that have ended, by lane; `alone` is None for a run that measured nothing."""

    limits: Limits
    alone: dict[str, LaneReport | None] = field(default_factory=dict)
    at_rates: dict[str, list[AtRate]] = field(default_factory=dict)

    def add(self, run: Run) -> None:
        """Add a run that has ended; a rate that was fired again replaces the first time."""
        plan = Plan.from_json(run.plan)
        lane = str(plan.lanes[0])
        report = measured_report(run)
        lane_report = report["lanes"][0] if report else None
        if not isinstance(plan.load, Rate):
            self.alone[lane] = lane_report
            return
        doubt = why_not_trusted(report) if report else ""
        outcome = _at_rate(run, plan.load.rate_rps, lane_report, self.limits, doubt)
        others = [
            each
            for each in self.at_rates.get(lane, [])
            if each.rate.rate_rps != outcome.rate.rate_rps
        ]
        self.at_rates[lane] = [*others, outcome]

    def tried(self, lane: str) -> list[Tried]:
        """Return the rates that a lane was measured at."""
        return [each.tried for each in self.at_rates.get(lane, []) if each.tried]

    def held(self, ladder: Sequence[Rung]) -> dict[str, bool]:
        """Return which of a ladder's lanes were fired at the requested rate, and held it."""
        held = {}
        for rung in ladder:
            for each in self.at_rates.get(rung.lane, []):
                if each.rate.rate_rps == self.limits.rate_rps:
                    held[rung.lane] = bool(each.tried and each.tried.held)
        return held

    def rungs(self, ladder: Ladder) -> tuple[Rung, ...]:
        """Return the configurations of a ladder in the order of their price; none if unknown."""
        alone = self.alone.get(str(ladder.alone))
        work = work_of(alone) if alone else None
        if alone is None or work is None:
            return ()
        cores = cores_of(alone)
        configurations = {
            str(each.lane): configuration_of(each, cores) for each in ladder.configurations
        }
        return rungs(work, configurations, self.limits.p95_ms / MS_PER_S)


def outcomes_of(capacity: Capacity, runs: Sequence[Run]) -> Outcomes:
    """Return the outcomes of the runs that have ended."""
    outcomes = Outcomes(capacity.limits)
    for run in runs:
        if not run.active:
            outcomes.add(run)
    return outcomes


def work_of(alone: LaneReport) -> Work | None:
    """Return what one request needs, from a lane that was fired one request at a time."""
    wall_ms, cpu_ms = alone["latency_ms"]["p50"], alone["server_side"]["cpu_ms_per_request"]
    if wall_ms is None or wall_ms <= 0:
        return None
    return Work(wall_s=wall_ms / MS_PER_S, cpu_s=min(cpu_ms or 0.0, wall_ms) / MS_PER_S)


def cores_of(lane: LaneReport) -> int:
    """Return how many cores the target may use: those that it is pinned to, else the machine's."""
    target = lane["target"]
    pinned = len(target.get("cores", ())) if target else 0
    return pinned or cpu_count() or 1


def configuration_of(configured: Configured, cores: int) -> Configuration:
    """Return the configuration as the model has it."""
    return Configuration(configured.processes, configured.threads, cores=cores)


def knee_at(at_rate: AtRate, limits: Limits, configured: Configured) -> Knee | None:
    """Return what a lane had run out of; None without a measurement."""
    if at_rate.report is None:
        return None
    cores = cores_of(at_rate.report)
    computing = configuration_of(configured, cores).computing
    return knee_of(at_rate.report, limits, computing, configured.threads)


def _at_rate(
    run: Run, rate_rps: float, lane: LaneReport | None, limits: Limits, doubt: str
) -> AtRate:
    """Return what a run measured.

    A failure that the load generator may have caused is undecided.
    """
    if lane is None:
        why = run.problem or f"the run is {run.status}"
        rate = TriedRate(rate_rps, run.pk, None, why, None, None, None, None)
        return AtRate(rate, None, None, why)
    judgement = judged(lane, limits)
    if doubt and judgement.held is False:
        judgement = Judgement(held=None, why=doubt)
    offered = lane["rate"]
    rate = TriedRate(
        rate_rps=rate_rps,
        run=run.pk,
        held=judgement.held,
        why=judgement.why,
        p95_ms=lane["latency_ms"]["p95"],
        achieved_rps=offered["achieved_rps"] if offered else None,
        memory_mb=lane["server_side"]["peak_rss_mb"],
        cores=cores_used(lane),
    )
    return AtRate(rate, Tried(rate_rps, judgement.held), lane, judgement.why)
