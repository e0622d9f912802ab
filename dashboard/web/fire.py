"""What the form "What to fire" shows: fields with their values, lanes, buttons with estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from dashboard.runs.planning import DEFAULT_TIMEOUT_S, estimate_s, make_plan
from dashboard.targets.manifest import Parameter, Project, Scenario
from dashboard.wire.errors import InvalidPlan

from .forms import PARAMETER, FireForm, lane_names
from .present import seconds

QUICK_REQUESTS = (10, 100, 1000)


@dataclass(frozen=True)
class ParameterField:
    """A parameter of the scenario as a field of the form."""

    name: str
    field_name: str
    label: str
    value: str
    default: str
    min: str
    max: str
    unit: str
    offers: list[str]


@dataclass(frozen=True)
class LaneChoice:
    """A lane that can be ticked."""

    value: str
    label: str
    family: str
    checked: bool


@dataclass(frozen=True)
class ScenarioView:
    """The scenario that is chosen."""

    name: str
    title: str
    parameters: list[ParameterField]
    lane_choices: list[LaneChoice]


@dataclass(frozen=True)
class QuickButton:
    """Fires n = c = `requests`; `estimate` is empty where theory has nothing to say."""

    requests: int
    estimate: str


def fire_context(project: Project, scenario: Scenario, form: FireForm | None) -> dict[str, Any]:
    """The template's context; `form` is what was typed, if anything was."""
    typed = form.data if form else {}
    checked = typed.getlist("lanes") if isinstance(typed, QueryDict) and "lanes" in typed else None
    return {
        "project": project.name,
        "scenarios": list(project.scenarios.values()),
        "scenario": ScenarioView(
            name=scenario.name,
            title=scenario.title,
            parameters=[_field(one, typed) for one in scenario.parameters.values()],
            lane_choices=_choices(project, scenario, checked),
        ),
        "quick": [QuickButton(n, _estimate(project, scenario, form, n)) for n in QUICK_REQUESTS],
        "values": {name: typed.get(name, value) for name, value in _defaults(scenario).items()},
        "errors": {name: list(messages) for name, messages in form.errors.items()} if form else {},
    }


def _defaults(scenario: Scenario) -> dict[str, str]:
    return {
        "requests": str(scenario.requests),
        "concurrency": "",
        "rounds": str(scenario.rounds),
        "seed": "",
        "timeout": f"{DEFAULT_TIMEOUT_S:g}",
    }


def _field(parameter: Parameter, typed: Any) -> ParameterField:
    field_name = PARAMETER + parameter.name
    default = f"{parameter.default:g}"
    return ParameterField(
        name=parameter.name,
        field_name=field_name,
        label=parameter.name.replace("_", " ").capitalize(),
        value=typed.get(field_name, default),
        default=default,
        min=f"{parameter.min:g}",
        max=f"{parameter.max:g}",
        unit=parameter.unit,
        offers=[f"{offer:g}" for offer in parameter.offers],
    )


def _choices(project: Project, scenario: Scenario, checked: list[str] | None) -> list[LaneChoice]:
    if checked is None:
        checked = [str(lane) for lane in scenario.lanes]
    return [
        LaneChoice(
            value=name,
            label=name,
            family=scenario.variants[name.partition("@")[0]].family,
            checked=name in checked,
        )
        for name in lane_names(project, scenario)
    ]


def _estimate(project: Project, scenario: Scenario, form: FireForm | None, requests: int) -> str:
    """About how long a press takes by theory, given what else stands in the form."""
    given = getattr(form, "cleaned_data", {})
    parameters = {
        name: given[PARAMETER + name] for name in scenario.parameters if PARAMETER + name in given
    }
    try:
        plan = make_plan(
            project,
            scenario=scenario.name,
            lanes=given.get("lanes") or (),
            requests=requests,
            rounds=given.get("rounds"),
            parameters=parameters,
        )
    except InvalidPlan:
        return ""
    estimate = estimate_s(scenario, plan)
    return "" if estimate is None else f"about {seconds(estimate)}"
