"""Shared by the forms of several pages: field names, lanes to choose from, run modes."""

from __future__ import annotations

from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.wire.plan.plan import Plan

PARAMETER = "parameter_"
UNTIL_SURE, CONTROL = "until-sure", "control"


def run_mode(plan: Plan) -> str:
    """Return the value of the button that starts such a plan; empty for the ordinary one."""
    if plan.control:
        return CONTROL
    return UNTIL_SURE if plan.until_sure and plan.limit_s is None else ""


def parameter_label(name: str) -> str:
    """Return the label of a parameter's field."""
    return name.replace("_", " ").capitalize()


def lane_names(project: Project, scenario: Scenario) -> list[str]:
    """Return every possible lane of a scenario, its own lanes first and in its order."""
    own = [str(lane) for lane in scenario.lanes]
    possible = [
        f"{variant.name}@{server.name}"
        for variant in scenario.variants.values()
        for server in project.servers.values()
        if project.refusal(variant, server) is None
    ]
    return own + [lane for lane in possible if lane not in own]
