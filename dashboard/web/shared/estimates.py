"""The time that runs take, for the page: earlier runs, and servers that are warm."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.runs.archive.earlier_costs import earlier_costs
from dashboard.runs.planning.estimates import USUAL_START_S, Costs, Estimate
from dashboard.web.shared.format import format_estimate
from dashboard.web.shared.laboratory_access import laboratory


def costs_of(scenario: str, parameters: Mapping[str, float] | None = None) -> Costs:
    """Return what is known of a scenario's lanes with these parameters (None: with any)."""
    project = laboratory().project
    return Costs(earlier_costs(project.name, scenario, parameters), _start_s)


def estimate_text(estimate: Estimate | None) -> str:
    """Return *takes about 12 s, of which 3 s to start servers*; empty if it is unknown."""
    if estimate is None:
        return ""
    takes = f"takes {about(estimate)}"
    if not estimate.starts_s:
        return takes
    return f"{takes}, of which {format_estimate(estimate.starts_s)} to start servers"


def about(estimate: Estimate) -> str:
    """Return *about 12 s*, or *about 5 to 14 s* for a run until certain."""
    least, most = format_estimate(estimate.least_s), format_estimate(estimate.total_s)
    if least == most:
        return f"about {most}"
    unit = most.partition(" ")[2]
    return f"about {least.removesuffix(f' {unit}')} to {most}"


def _start_s(server: str) -> float:
    expected_s = laboratory().expected_start_s(server)
    return USUAL_START_S if expected_s is None else expected_s
