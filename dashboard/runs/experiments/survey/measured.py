"""What the runs of one view measured: alone, under the loads, and beside its alternatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from dashboard.analysis.model.view_model import Configuration, Prediction, Work, predict
from dashboard.models import Run
from dashboard.runs.reports.stored import measured_report
from dashboard.wire.experiments.survey import Alone, LoadPoint, TimeShares
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report
from dashboard.wire.report.target_facts import XrayFacts
from dashboard.wire.units import MS_PER_S

from .view import View

P95_IN_DEVIATIONS = 1.645  # of a normal distribution: how far its p95 is above its median


@dataclass(frozen=True)
class ViewRuns:
    """The runs of one view. `loads` are those of today's lane alone by concurrency, 1 included.

    A run that was repeated, because it was disturbed, is there only as repeated.
    """

    view: View
    loads: Mapping[int, Run] = field(default_factory=dict)
    compared: Sequence[Run] = ()

    @classmethod
    def of(cls, view: View, runs: Sequence[Run]) -> ViewRuns:
        """Return the runs of this view among all, which are in the order of firing."""
        own = [run for run in runs if run.plan["scenario"] == view.scenario]
        alone = {run.plan["load"]["concurrency"]: run for run in own if len(run.plan["lanes"]) == 1}
        compared = {tuple(run.plan["lanes"]): run for run in own if len(run.plan["lanes"]) > 1}
        return cls(view, alone, list(compared.values()))

    @property
    def all(self) -> list[Run]:
        """All of them, in the order of firing."""
        return [*self.loads.values(), *self.compared]

    @property
    def comparisons(self) -> list[tuple[Run, Report]]:
        """The runs beside alternatives that have numbers, with their reports."""
        pairs = [(run, measured_report(run)) for run in self.compared]
        return [(run, report) for run, report in pairs if report is not None]

    @property
    def work(self) -> Work | None:
        """What a request needs, as far as it was measured; None without a successful request."""
        report = self._report(1)
        lane = _lane(report)
        wall_ms = lane["service_ms"]["p50"] if lane else None
        if lane is None or not wall_ms:
            return None
        xray = _xray(lane)
        return Work(
            wall_s=wall_ms / MS_PER_S,
            cpu_s=(self.cpu_ms or 0.0) / MS_PER_S,
            database_s=(xray.get("view_query_ms", 0.0) if xray else 0.0) / MS_PER_S,
            scv=_scv(wall_ms, lane["service_ms"]["p95"]),
            queries=xray["queries"] if xray else 0,
            middleware=xray.get("middleware", 0) if xray else 0,
            measured_rps=self._measured_rps,
            processes=self.view.processes,
            spread=self._spread,
        )

    @property
    def cpu_ms(self) -> float | None:
        """The CPU time of a request: under the largest load, which has the most requests."""
        known = [
            lane["server_side"]["cpu_ms_per_request"]
            for level in sorted(self.loads)
            if (lane := _lane(self._report(level)))
        ]
        return next((cpu_ms for cpu_ms in reversed(known) if cpu_ms is not None), None)

    @property
    def cores(self) -> int:
        """How many cores its target has; those of the machine where it is not pinned."""
        report = self._report(1)
        lane = _lane(report)
        if report is None or lane is None:
            return 1
        target = lane["target"]
        pinned = len(target.get("cores", ())) if target else 0
        return pinned or report["environment"].get("cpus") or 1

    def today(self, concurrency: int, requests: int) -> Prediction | None:
        """Return what is predicted for today's lane; None before it was measured alone."""
        work = self.work
        return None if work is None else predict(work, self.configuration, concurrency, requests)

    @property
    def configuration(self) -> Configuration:
        """How it is served today."""
        return self.view.configuration(self.cores)

    def point(self, concurrency: int) -> LoadPoint | None:
        """Return today's lane under one load; None if that was not measured."""
        lane = _lane(self._report(concurrency))
        if lane is None:
            return None
        return LoadPoint(
            concurrency=concurrency,
            run=self.loads[concurrency].pk,
            throughput_rps=lane["throughput_rps"],
            p95_ms=lane["latency_ms"]["p95"],
            failed=lane["requests"] - lane["ok"],
        )

    @property
    def alone(self) -> Alone | None:
        """Today's lane with one request at a time; None if no request succeeded."""
        lane = _lane(self._report(1))
        wall_ms = lane["service_ms"]["p50"] if lane else None
        if lane is None or not wall_ms:
            return None
        xray, cpu_ms = _xray(lane), lane["server_side"]["cpu_ms_per_request"]
        query_ms = xray.get("view_query_ms") if xray else None
        return Alone(
            run=self.loads[1].pk,
            wall_ms=wall_ms,
            cpu_ms=cpu_ms,
            hops=xray["hops"] if xray else None,
            queries=xray["queries"] if xray else None,
            query_ms=query_ms,
            shares=shares_of(wall_ms, lane["segments_ms"]["view"]["p50"], cpu_ms, query_ms),
        )

    def _report(self, concurrency: int) -> Report | None:
        run = self.loads.get(concurrency)
        return measured_report(run) if run else None

    @property
    def _measured_rps(self) -> dict[int, float]:
        """The throughput by the number of requests in the application, the mean of equal ones."""
        found: dict[int, list[float]] = {}
        for level in self.loads:
            lane = _lane(self._report(level))
            if lane and lane["throughput_rps"]:
                at_once = self.configuration.in_application(level)
                found.setdefault(at_once, []).append(lane["throughput_rps"])
        return {at_once: fmean(values) for at_once, values in found.items()}

    @property
    def _spread(self) -> float:
        """How far today's p95 is above the mean response time, C / X; 1 if it is unknown."""
        level = max(self.loads)
        point = self.point(level)
        if level == 1 or point is None or not point.p95_ms or not point.throughput_rps:
            return 1.0
        return point.p95_ms / MS_PER_S * point.throughput_rps / level


def shares_of(
    wall_ms: float, view_ms: float | None, cpu_ms: float | None, query_ms: float | None
) -> TimeShares | None:
    """Return where the time of a request goes; None if the view's part or the queries are unknown.

    Named assumptions: what is outside the view computes, so its time is taken from the CPU time
    first; a query in progress is the database's time, also where it computes in the same process.
    """
    if view_ms is None or cpu_ms is None or query_ms is None:
        return None
    view_ms = min(view_ms, wall_ms)
    framework_ms = wall_ms - view_ms
    database_ms = min(query_ms, view_ms)
    computing_ms = min(view_ms - database_ms, max(0.0, cpu_ms - framework_ms))
    waiting_ms = view_ms - database_ms - computing_ms
    return TimeShares(
        cpu=computing_ms / wall_ms,
        database=database_ms / wall_ms,
        waiting=waiting_ms / wall_ms,
        framework=framework_ms / wall_ms,
    )


def _lane(report: Report | None) -> LaneReport | None:
    """Return today's lane of a report if a request of it succeeded, else None."""
    lane = report["lanes"][0] if report else None
    return lane if lane and lane["ok"] else None


def _xray(lane: LaneReport) -> XrayFacts | None:
    target = lane["target"]
    return target.get("xray") if target else None


def _scv(median_ms: float, p95_ms: float | None) -> float:
    """Return the squared coefficient of variation, as of a normal distribution; at most 1."""
    if p95_ms is None:
        return 0.0
    deviation = (p95_ms - median_ms) / P95_IN_DEVIATIONS
    return min(1.0, (deviation / median_ms) ** 2)
