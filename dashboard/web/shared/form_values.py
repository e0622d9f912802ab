"""What the forms of several pages share: names of fields, lanes to choose from, buttons."""

from __future__ import annotations

from dashboard.project.labtoml.load import Project, Scenario
from dashboard.wire.plan import Plan

PARAMETER = "parameter_"
UNTIL_SURE, CONTROL = "until-sure", "control"


def how(plan: Plan) -> str:
    """The button that would be pressed to fire this plan; empty: the ordinary one."""
    return UNTIL_SURE if plan.until_sure else CONTROL if plan.control else ""


def lane_names(project: Project, scenario: Scenario) -> list[str]:
    """Every lane that could be fired, the scenario's own first and in its order."""
    own = [str(lane) for lane in scenario.lanes]
    every = [
        f"{variant.name}@{server.name}"
        for variant in scenario.variants.values()
        for server in project.servers.values()
        if project.refusal(variant, server) is None
    ]
    return own + [lane for lane in every if lane not in own]
