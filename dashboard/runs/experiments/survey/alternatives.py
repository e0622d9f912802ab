"""The alternatives of a view: what was predicted of each, and what was measured of those fired."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dashboard.analysis.model.fit import relative_error
from dashboard.analysis.model.ranking import Candidate
from dashboard.models import Run, Status
from dashboard.runs.experiments.matrix_table import comparison_at, why_no_plain_ratio
from dashboard.wire.experiments.survey import Alternative
from dashboard.wire.plan.plan import Burst
from dashboard.wire.plural import counted
from dashboard.wire.report.report import Report

from .measured import ViewRuns
from .predicted import candidates, lacks_cores

NOT_AMONG_THE_BEST = "only predicted: others were predicted to be better"


def alternatives_of(runs: ViewRuns, load: Burst) -> list[Alternative]:
    """Return the fired alternatives, the fastest first, then those that were only predicted."""
    found = [_alternative(runs, candidate) for candidate in candidates(runs, load)]
    return sorted(found, key=lambda each: (each.run is None, each.ratio or 1.0))


def _alternative(runs: ViewRuns, candidate: Candidate) -> Alternative:
    plain = Alternative(
        change=candidate.change,
        lane=candidate.lane,
        stand_in=candidate.stand_in,
        predicted_rps=candidate.prediction.throughput_rps,
        predicted_p95_ms=candidate.prediction.p95_ms,
        formula=candidate.prediction.formula,
        why=_why_not_fired(runs, candidate),
    )
    fired = next(_firings_of(runs, candidate.lane), None)
    return plain if fired is None else _measured(plain, *fired)


def _firings_of(runs: ViewRuns, lane: str) -> Iterator[tuple[Run, Report, int]]:
    """Yield the runs that fired at a lane beside today's, with its position there."""
    for run, report in runs.comparisons:
        names = [each["lane"] for each in report["lanes"]]
        if lane in names[1:]:
            yield run, report, names.index(lane)


def _why_not_fired(runs: ViewRuns, candidate: Candidate) -> str:
    if lacks_cores(runs, candidate):
        cores = counted(runs.cores, "core")
        return f"only predicted: a target has {cores} here, which more processes would share"
    failed = [
        run
        for run in runs.compared
        if candidate.lane in run.plan["lanes"] and run.status == Status.FAILED
    ]
    return failed[-1].problem if failed else NOT_AMONG_THE_BEST


def _measured(plain: Alternative, run: Run, report: Report, position: int) -> Alternative:
    """Return an alternative with what a run measured of it beside today's lane."""
    lane, today = report["lanes"][position], report["lanes"][0]
    comparison = comparison_at(report, position)
    interval = comparison["interval"] if comparison else None
    rps = lane["throughput_rps"]
    own, present = lane["server_side"], today["server_side"]
    return replace(
        plain,
        run=run.pk,
        measured_rps=rps,
        measured_p95_ms=lane["latency_ms"]["p95"],
        error=relative_error(plain.predicted_rps, rps) if rps else None,
        ratio=comparison["ratio"] if comparison else None,
        interval=(interval[0], interval[1]) if interval else None,
        level=comparison["level"] if comparison else None,
        answer=comparison["answer"] if comparison else None,
        memory_mb=_difference(own["peak_rss_mb"], present["peak_rss_mb"]),
        cpu_ms=_difference(own["cpu_ms_per_request"], present["cpu_ms_per_request"]),
        why=why_no_plain_ratio(report, position),
    )


def _difference(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other
