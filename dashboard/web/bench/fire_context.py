"""What the form "What to fire" shows: fields with their values, lanes, buttons with estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from dashboard.project.labtoml.load import Parameter, Project, Scenario
from dashboard.runs.planning.plans import DEFAULT_TIMEOUT_S, estimate_s, make_plan
from dashboard.runs.planning.prediction import SIZES
from dashboard.web.shared.form_values import PARAMETER, lane_names
from dashboard.web.shared.format import roughly
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan import (
    MAX_CONCURRENCY,
    MAX_DURATION_S,
    MAX_RATE_RPS,
    MAX_REQUESTS,
    MAX_ROUNDS,
    MAX_SEED,
    MAX_TIMEOUT_S,
    Lane,
    Rate,
)
from dashboard.wire.plural import counted

from .forms import BURST_ONLY, RATE_ONLY, FireForm

QUICK_REQUESTS = (10, 100, 1000)
# The numbers behind *More*: label, smallest, largest, step.
NUMBERS = {
    "requests": ("Requests", 1, MAX_REQUESTS, "1"),
    "rate": ("Requests a second", 0, MAX_RATE_RPS, "any"),
    "duration": ("Duration, s", 0, MAX_DURATION_S, "any"),
    "concurrency": ("At most in flight", 1, MAX_CONCURRENCY, "1"),
    "rounds": ("Rounds", 1, MAX_ROUNDS, "1"),
    "seed": ("Seed", 0, MAX_SEED, "1"),
    "timeout": ("Timeout, s", 0, MAX_TIMEOUT_S, "any"),
}


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
    errors: list[str]


@dataclass(frozen=True)
class NumberField:
    """One of the numbers behind *More*; an empty one takes what `placeholder` says."""

    name: str
    label: str
    value: str
    min: str
    max: str
    step: str
    placeholder: str
    errors: list[str]
    only: str  # the kind of load that it belongs to; empty: to both


@dataclass(frozen=True)
class LaneChoice:
    """A lane that can be ticked."""

    value: str
    label: str
    variant: str
    server: str
    family: str
    checked: bool


@dataclass(frozen=True)
class ServerRow:
    """A server in the table of lanes: a cell a variant; None where it cannot be fired at."""

    server: str
    cells: list[LaneChoice | None]


@dataclass(frozen=True)
class ScenarioView:
    """The scenario that is chosen."""

    name: str
    title: str
    parameters: list[ParameterField]
    lane_choices: list[LaneChoice]
    own_lanes: list[LaneChoice]
    variants: list[str]
    other_lanes: list[ServerRow]
    others_checked: bool


@dataclass(frozen=True)
class QuickButton:
    """Fires n = c = `requests`; `estimate` is empty where theory has nothing to say."""

    requests: int
    shown: str
    estimate: str


def fire_context(
    project: Project, scenario: Scenario, form: FireForm | None, *, complain: bool = True
) -> dict[str, Any]:
    """The template's context; `form` is what was typed, if anything was.

    Without `complain` it is still being typed, and nothing is said of what is missing.
    """
    typed = form.data if form else {}
    errors = _errors(form) if complain else {}
    numbers = [_number(name, scenario, typed, errors) for name in NUMBERS]
    checked = typed.getlist("lanes") if isinstance(typed, QueryDict) and "lanes" in typed else None
    return {
        "project": project.name,
        "scenarios": list(project.scenarios.values()),
        "scenario": _scenario_view(
            scenario,
            [_field(one, typed, errors) for one in scenario.parameters.values()],
            _choices(project, scenario, checked),
        ),
        "quick": [
            QuickButton(n, f"{n:,}", _estimate(project, scenario, form, n)) for n in QUICK_REQUESTS
        ],
        "numbers": numbers,
        "load": typed.get("load") or "burst",
        "poisson": bool(typed.get("poisson")),
        "guess_sizes": [f"{size:g}" for size in SIZES],
        "estimate": _estimate_of(project, scenario, form),
        "errors": errors,
        "more_open": bool(errors.keys() & {"lanes", "load", *NUMBERS}),
    }


def _scenario_view(
    scenario: Scenario, parameters: list[ParameterField], choices: list[LaneChoice]
) -> ScenarioView:
    """The scenario's own lanes as a row; every other that is possible as a table by server."""
    own, others = choices[: len(scenario.lanes)], choices[len(scenario.lanes) :]
    by_place = {(choice.server, choice.variant): choice for choice in others}
    servers = dict.fromkeys(choice.server for choice in others)
    return ScenarioView(
        name=scenario.name,
        title=scenario.title,
        parameters=parameters,
        lane_choices=choices,
        own_lanes=own,
        variants=list(scenario.variants),
        other_lanes=[
            ServerRow(server, [by_place.get((server, variant)) for variant in scenario.variants])
            for server in servers
        ],
        others_checked=any(choice.checked for choice in others),
    )


def _errors(form: FireForm | None) -> dict[str, list[str]]:
    """Messages by field; those of no field by `all`."""
    errors = form.errors.items() if form else ()
    return {
        name.replace("__all__", "all"): [str(message) for message in messages]
        for name, messages in errors
    }


def _number(name: str, scenario: Scenario, typed: Any, errors: dict[str, list[str]]) -> NumberField:
    label, smallest, largest, step = NUMBERS[name]
    default, placeholder = _defaults(scenario)[name]
    return NumberField(
        name=name,
        label=label,
        value=typed.get(name, default),
        min=f"{smallest:g}",
        max=f"{largest:.0f}",
        step=step,
        placeholder=placeholder,
        errors=errors.get(name, []),
        only="burst" if name in BURST_ONLY else "rate" if name in RATE_ONLY else "",
    )


def _defaults(scenario: Scenario) -> dict[str, tuple[str, str]]:
    """What stands in a field at first, and what an empty one means."""
    return {
        "requests": (str(scenario.requests), ""),
        "rate": ("100", ""),
        "duration": ("5", ""),
        "concurrency": ("", "all"),
        "rounds": (str(scenario.rounds), ""),
        "seed": ("", "random"),
        "timeout": (f"{DEFAULT_TIMEOUT_S:g}", ""),
    }


def _field(parameter: Parameter, typed: Any, errors: dict[str, list[str]]) -> ParameterField:
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
        errors=errors.get(field_name, []),
    )


def _choices(project: Project, scenario: Scenario, checked: list[str] | None) -> list[LaneChoice]:
    if checked is None:
        checked = [str(lane) for lane in scenario.lanes]
    found = []
    for name in lane_names(project, scenario):
        lane = Lane.parse(name)
        family = scenario.variants[lane.variant].family
        found.append(LaneChoice(name, name, lane.variant, lane.server, family, name in checked))
    return found


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
    estimate = estimate_s(project, plan)
    return "" if estimate is None else f"about {roughly(estimate)}"


def _estimate_of(project: Project, scenario: Scenario, form: FireForm | None) -> str:
    """About how long *Run* takes with what stands in the form; empty when nobody can say."""
    plan = form.plan() if form else make_plan(project, scenario=scenario.name)
    estimate = estimate_s(project, plan) if plan else None
    if plan is None or estimate is None:
        return ""
    takes = f"takes about {roughly(estimate)}"
    if not isinstance(plan.load, Rate):
        return takes
    lanes, rounds = counted(len(plan.lanes), "lane"), counted(plan.rounds, "round")
    return f"{takes}: {plan.load.duration_s:g} s × {lanes} × {rounds}"
