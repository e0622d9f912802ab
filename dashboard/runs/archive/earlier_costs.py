"""What requests of a scenario cost in earlier runs, for estimates."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from dashboard.models import Run, Status
from dashboard.runs.planning.estimates import LaneCost
from dashboard.runs.reports.stored import stored_report
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.units import MS_PER_S

RUNS_READ = 5  # the last finished ones: the machine and the code are not what they were before


def earlier_costs(
    project: str, scenario: str, parameters: Mapping[str, float] | None = None
) -> dict[str, LaneCost]:
    """Return the cost of a request by lane, from the last runs; of each lane the newest.

    A lane's throughput depends on the parameters, so it is used only from runs with these
    `parameters`; None: from any.
    """
    runs = Run.objects.filter(
        project=project, plan__scenario=scenario, status=Status.FINISHED, deleted=None
    ).only("plan", "report")
    costs: dict[str, LaneCost] = {}
    for run in runs[:RUNS_READ]:
        with suppress(KeyError, TypeError, AttributeError):  # a damaged row costs no other its page
            costs = _costs_of(run, parameters) | costs
    return costs


def _costs_of(run: Run, parameters: Mapping[str, float] | None) -> dict[str, LaneCost]:
    report = stored_report(run)
    same = parameters is None or run.plan["parameters"] == dict(parameters)
    lanes = report["lanes"] if report else ()
    return {lane["lane"]: _cost_of(lane, with_throughput=same) for lane in lanes}


def _cost_of(lane: LaneReport, *, with_throughput: bool) -> LaneCost:
    cpu_ms, throughput_rps = lane["server_side"]["cpu_ms_per_request"], lane["throughput_rps"]
    return LaneCost(
        cpu_s=None if cpu_ms is None else cpu_ms / MS_PER_S,
        busy_s=1 / throughput_rps if with_throughput and throughput_rps else None,
    )
