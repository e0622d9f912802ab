"""The form of the bench: fields with their values, lanes, buttons with estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from dashboard.project.model.scenario import Parameter, Scenario
from dashboard.project.project import Project
from dashboard.runs.planning.estimates import Costs, estimate_of
from dashboard.runs.planning.plans import make_plan, open_plan
from dashboard.runs.planning.prediction import FACTORS
from dashboard.runs.reports.wording import load_text, rounds_text
from dashboard.web.shared.estimates import about, costs_of, estimate_text
from dashboard.web.shared.form_values import PARAMETER, lane_names, parameter_label
from dashboard.web.shared.template_context import TemplateContext
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.fields import DEFAULT_TIMEOUT_S, PLAN_FIELDS
from dashboard.wire.plan.plan import Lane, Plan, Rate
from dashboard.wire.plural import counted

from .forms import BURST_ONLY, RATE_ONLY, FireForm

DEFAULT_ROUNDS = 3  # of a scenario whose lab.toml has no other number
QUICK_REQUESTS = (10, 100, 1000)
# The numbers behind *More*.
NUMBERS = ("requests", "rate", "duration", "concurrency", "rounds", "seed", "timeout")


@dataclass(frozen=True)
class ParameterField:
    """A field for a parameter of the scenario."""

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
    """A number behind *More*; if empty, the value is that of `placeholder`."""

    name: str
    label: str
    value: str
    min: str
    max: str
    step: str
    placeholder: str
    errors: list[str]
    only: str  # the kind of load that it belongs to; empty: both


@dataclass(frozen=True)
class LaneChoice:
    """A lane to select."""

    value: str
    label: str
    variant: str
    server: str
    family: str
    checked: bool


@dataclass(frozen=True)
class ServerRow:
    """A row of the table of other lanes; a cell is None if the variant cannot run on the server."""

    server: str
    cells: list[LaneChoice | None]


@dataclass(frozen=True)
class ScenarioView:
    """The selected scenario."""

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
    """A button that fires `requests` at once; `estimate` is empty if theory has none."""

    requests: int
    label: str
    estimate: str


def fire_context(
    project: Project, scenario: Scenario, form: FireForm | None, *, show_errors: bool = True
) -> TemplateContext:
    """Return the template context; `form` holds the submitted values, if any.

    Pass `show_errors=False` while values are still being typed.
    """
    typed = form.data if form else {}
    errors = _errors(form) if show_errors else {}
    numbers = [_number(name, scenario, typed, errors) for name in NUMBERS]
    costs = costs_of(scenario.name, scenario.values({}) | _parameters(scenario, form))
    plan = form.plan() if form else _plan(project, scenario, _initial_rounds(scenario))
    selected = typed.getlist("lanes") if isinstance(typed, QueryDict) and "lanes" in typed else None
    return {
        "project": project.name,
        "scenarios": list(project.scenarios.values()),
        "scenario": _scenario_view(
            scenario,
            [_field(parameter, typed, errors) for parameter in scenario.parameters.values()],
            _choices(project, scenario, selected),
        ),
        "quick": [
            QuickButton(n, f"{n:,}", _estimate(project, scenario, form, n, costs))
            for n in QUICK_REQUESTS
        ],
        "numbers": numbers,
        "load": typed.get("load") or ("rate" if scenario.rate_rps else "burst"),
        "poisson": bool(typed.get("poisson") if typed else scenario.rate_rps),
        "guess_sizes": [f"{size:g}" for size in FACTORS],
        "estimate": _plan_estimate(project, plan, costs),
        "fire_words": _plan_words(scenario, plan),
        "errors": errors,
        "more_open": bool(errors.keys() & {"lanes", "load", *NUMBERS}),
    }


def _scenario_view(
    scenario: Scenario, parameters: list[ParameterField], choices: list[LaneChoice]
) -> ScenarioView:
    """Show the scenario's own lanes in a row, all other possible ones in a table by server."""
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
    """Return messages by field; `all` has those of no single field."""
    errors = form.errors.items() if form else ()
    return {
        name.replace("__all__", "all"): [str(message) for message in messages]
        for name, messages in errors
    }


def _number(name: str, scenario: Scenario, typed: Any, errors: dict[str, list[str]]) -> NumberField:
    field = PLAN_FIELDS[name]
    default, placeholder = _defaults(scenario)[name]
    return NumberField(
        name=name,
        label=field.label,
        value=typed.get(name, default),
        min=f"{field.low:g}",
        max=f"{field.high:.0f}",
        step=field.step,
        placeholder=placeholder,
        errors=errors.get(name, []),
        only="burst" if name in BURST_ONLY else "rate" if name in RATE_ONLY else "",
    )


def _defaults(scenario: Scenario) -> dict[str, tuple[str, str]]:
    """Return each number's initial value and its placeholder."""
    return {
        "requests": (str(scenario.requests), ""),
        "rate": (f"{scenario.rate_rps or 100:g}", ""),
        "duration": (f"{scenario.duration_s or 5:g}", ""),
        "concurrency": ("", "all"),
        "rounds": (str(_initial_rounds(scenario) or ""), "until certain"),
        "seed": ("", "random"),
        "timeout": (f"{DEFAULT_TIMEOUT_S:g}", ""),
    }


def _initial_rounds(scenario: Scenario) -> int | None:
    """Return the rounds of a scenario that has a number of its own; None leaves them open."""
    return None if scenario.rounds == DEFAULT_ROUNDS else scenario.rounds


def _field(parameter: Parameter, typed: Any, errors: dict[str, list[str]]) -> ParameterField:
    field_name = PARAMETER + parameter.name
    default = f"{parameter.default:g}"
    return ParameterField(
        name=parameter.name,
        field_name=field_name,
        label=parameter_label(parameter.name),
        value=typed.get(field_name, default),
        default=default,
        min=f"{parameter.min:g}",
        max=f"{parameter.max:g}",
        unit=parameter.unit,
        offers=[f"{offer:g}" for offer in parameter.offers],
        errors=errors.get(field_name, []),
    )


def _choices(project: Project, scenario: Scenario, selected: list[str] | None) -> list[LaneChoice]:
    if selected is None:
        selected = [str(lane) for lane in scenario.lanes]
    choices = []
    for name in lane_names(project, scenario):
        lane = Lane.parse(name)
        family = scenario.variants[lane.variant].family
        choices.append(LaneChoice(name, name, lane.variant, lane.server, family, name in selected))
    return choices


def _parameters(scenario: Scenario, form: FireForm | None) -> dict[str, float]:
    """Return the valid ones of the submitted parameters."""
    values = getattr(form, "cleaned_data", {})
    return {
        name: values[PARAMETER + name] for name in scenario.parameters if PARAMETER + name in values
    }


def _estimate(
    project: Project, scenario: Scenario, form: FireForm | None, requests: int, costs: Costs
) -> str:
    """Return how long a quick button's run takes with the form's other values."""
    values = getattr(form, "cleaned_data", {})
    try:
        plan = _plan(
            project,
            scenario,
            _initial_rounds(scenario) if form is None else values.get("rounds"),
            lanes=values.get("lanes") or (),
            requests=requests,
            parameters=_parameters(scenario, form),
        )
    except InvalidPlan:
        return ""
    estimate = estimate_of(project, plan, costs)
    return "" if estimate is None else about(estimate)


def _plan(project: Project, scenario: Scenario, rounds: int | None, **options: Any) -> Plan:
    """Return the plan with this number of rounds, or one that leaves it open."""
    if rounds is None:
        return open_plan(project, scenario=scenario.name, **options)
    return make_plan(project, scenario=scenario.name, rounds=rounds, **options)


def _plan_estimate(project: Project, plan: Plan | None, costs: Costs) -> str:
    """Return how long *Run* takes with the form's values; empty if unknown."""
    if plan is None:
        return ""
    takes = estimate_text(estimate_of(project, plan, costs))
    if not isinstance(plan.load, Rate) or plan.until_sure:
        return takes
    lanes, rounds = counted(len(plan.lanes), "lane"), counted(plan.rounds, "round")
    return f"{takes}: {plan.load.duration_s:g} s × {lanes} × {rounds}"


def _plan_words(scenario: Scenario, plan: Plan | None) -> str:
    """Return what *Run* fires: parameters, load, rounds and lanes; empty if a field is wrong."""
    if plan is None:
        return ""
    parameters = [
        f"{parameter_label(name).lower()} {plan.parameters[name]:g} {parameter.unit}".rstrip()
        for name, parameter in scenario.parameters.items()
    ]
    lanes = plan.lanes[: 1 if plan.control else None]
    return " · ".join(
        [*parameters, load_text(plan.load), rounds_text(plan), ", ".join(map(str, lanes))]
    )
