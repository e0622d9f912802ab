"""The forms of Explore: fields with their values, checkboxes, messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django.http import QueryDict

from dashboard.project.model.scenario import Scenario
from dashboard.project.model.server import Server
from dashboard.project.project import Project
from dashboard.runs.experiments.capacity.question import USUAL_DURATION_S as CAPACITY_DURATION_S
from dashboard.runs.experiments.capacity.question import USUAL_ERROR_SHARE
from dashboard.runs.experiments.capacity.question import USUAL_ROUNDS as CAPACITY_ROUNDS
from dashboard.runs.experiments.sweep import USUAL_DURATION_S
from dashboard.runs.experiments.sweep_axis import CONCURRENCY, RATE
from dashboard.targets.preparation.server_packages import missing_packages
from dashboard.web.shared.form_values import PARAMETER, lane_names, parameter_label
from dashboard.web.shared.number_fields import NumberField
from dashboard.web.shared.template_context import TemplateContext
from dashboard.wire.plan.plan import Lane

from .capacity_form import CapacityForm
from .estimates import capacity_estimate, matrix_estimate, sweep_estimate
from .forms import ExploreForm, MatrixForm, SweepForm
from .server_settings import setting_field_name, setting_in_force, settings_of

AXES = {CONCURRENCY: "Requests in flight", RATE: "Requests per second"}


@dataclass(frozen=True)
class ServerSettings:
    """A server's fields; None for a setting that it does not have."""

    server: str
    processes: NumberField | None
    threads: NumberField | None


@dataclass(frozen=True)
class ServerLanes:
    """A server's lanes; None for a variant that cannot run on it."""

    server: str
    lanes: list[Checkbox | None]


@dataclass(frozen=True)
class Checkbox:
    """A checkbox; `note` is the reason why its choice would yield no numbers."""

    value: str
    checked: bool
    family: str = ""
    note: str = ""


def explore_context(
    project: Project,
    scenario: Scenario,
    matrix_form: MatrixForm | None = None,
    sweep_form: SweepForm | None = None,
    capacity_form: CapacityForm | None = None,
) -> TemplateContext:
    """Return the template context; a form is passed if it was submitted and refused."""
    return {
        "project": project.name,
        "scenarios": list(project.scenarios.values()),
        "scenario": scenario,
        "matrix": _matrix(project, scenario, matrix_form),
        "sweep": _sweep(project, scenario, sweep_form),
        "capacity": _capacity(project, scenario, capacity_form),
    }


def _matrix(project: Project, scenario: Scenario, form: MatrixForm | None) -> TemplateContext:
    initial = MatrixForm.initial_values(project, scenario)
    values = FormValues("matrix", scenario, form, initial)
    matrix = None if form else MatrixForm(project, scenario, initial).matrix()
    variants, servers = values.texts("variants"), values.texts("servers")
    return {
        "errors": values.errors,
        "variants": [
            Checkbox(
                variant.name,
                variant.name in variants,
                variant.family,
                project.missing_requirement(variant),
            )
            for variant in scenario.variants.values()
        ],
        "servers": [
            Checkbox(
                name,
                name in servers,
                note="not installed" if missing_packages(project, server) else "",
            )
            for name, server in project.servers.items()
        ],
        "numbers": [
            values.number("requests", "Requests", str(scenario.requests)),
            values.number("concurrency", "Maximum in flight", "all"),
            values.number("rounds", "Rounds", str(scenario.rounds)),
            *values.parameters(),
        ],
        "settings": values.settings(project),
        "settings_open": values.any_setting,
        "estimate": matrix_estimate(project, matrix),
    }


def _sweep(project: Project, scenario: Scenario, form: SweepForm | None) -> TemplateContext:
    initial = SweepForm.initial_values(scenario)
    values = FormValues("sweep", scenario, form, initial)
    sweep = None if form else SweepForm(project, scenario, initial).sweep()
    names = {**AXES, **{name: parameter_label(name) for name in scenario.parameters}}
    return {
        "errors": values.errors,
        "axes": [(name, label, name == values.text("axis")) for name, label in names.items()],
        "ends": [values.number("low", "From"), values.number("high", "To")],
        **_lane_choices(project, scenario, values),
        "numbers": [
            values.number("levels", "Steps", "doubling"),
            values.number("requests", "Requests", "5 per slot"),
            values.number("duration", "Duration of a rate, s", f"{USUAL_DURATION_S:g}"),
            values.number("rounds", "Rounds", "5"),
            *values.parameters(),
        ],
        "settings": values.settings(project),
        "settings_open": values.any_setting,
        "estimate": sweep_estimate(project, sweep),
    }


def _capacity(project: Project, scenario: Scenario, form: CapacityForm | None) -> TemplateContext:
    initial = CapacityForm.initial_values(project, scenario)
    values = FormValues("capacity", scenario, form, initial)
    capacity = None if form else CapacityForm(project, scenario, initial).capacity()
    selected = values.texts("lanes")
    own = [str(lane) for lane in scenario.lanes]
    return {
        "errors": values.errors,
        "limits": [
            values.number("rate", "Requests per second"),
            values.number("p95", "p95 at most, ms"),
            values.number("error", "Failed at most, %", f"{100 * USUAL_ERROR_SHARE:g}"),
            values.number("memory", "Memory at most, MiB", "any"),
        ],
        "lanes": [_lane_box(scenario, name, selected) for name in own],
        "numbers": [
            values.number("duration", "Duration of a rate, s", f"{CAPACITY_DURATION_S:g}"),
            values.number("rounds", "Rounds", str(CAPACITY_ROUNDS)),
            *values.parameters(),
        ],
        "estimate": capacity_estimate(capacity),
    }


def _lane_choices(project: Project, scenario: Scenario, values: FormValues) -> TemplateContext:
    """Return the scenario's own lanes, and all other possible ones by server."""
    names, selected = lane_names(project, scenario), values.texts("lanes")
    own = names[: len(scenario.lanes)]
    boxes = {name: _lane_box(scenario, name, selected) for name in names}
    others = [name for name in names if name not in own]
    servers = dict.fromkeys(Lane.parse(name).server for name in others)
    return {
        "baselines": [(name, name == values.text("baseline")) for name in names],
        "lanes": [boxes[name] for name in own],
        "other_lanes": [
            ServerLanes(
                server,
                [
                    boxes[name] if (name := f"{variant}@{server}") in others else None
                    for variant in scenario.variants
                ],
            )
            for server in servers
        ],
        "others_open": any(name in selected for name in others),
    }


def _lane_box(scenario: Scenario, name: str, selected: list[str]) -> Checkbox:
    return Checkbox(name, name in selected, scenario.variants[Lane.parse(name).variant].family)


class FormValues:
    """The values of a form, submitted or initial."""

    def __init__(
        self, name: str, scenario: Scenario, form: ExploreForm | None, initial: QueryDict
    ) -> None:
        self._name = name
        self._scenario = scenario
        self._data = initial if form is None else cast("QueryDict", form.data)
        errors = form.errors.items() if form else ()
        self.errors: dict[str, list[str]] = {  # `all` has those of no single field
            field.replace("__all__", "all"): [str(message) for message in messages]
            for field, messages in errors
        }

    def text(self, name: str) -> str:
        """Return the text of a field."""
        return str(self._data.get(name, ""))

    def texts(self, name: str) -> list[str]:
        """Return all texts of a repeated field."""
        return [str(text) for text in self._data.getlist(name)]

    def number(self, name: str, label: str, placeholder: str = "") -> NumberField:
        """Return a field for a number."""
        errors = self.errors.get(name, [])
        return NumberField(
            f"{self._name}-{name}", name, label, self.text(name), placeholder, errors
        )

    def settings(self, project: Project) -> list[ServerSettings]:
        """Return the fields of each server that has settings."""
        return [
            ServerSettings(
                server.name,
                self._setting(server, "processes"),
                self._setting(server, "threads"),
            )
            for server in project.servers.values()
            if settings_of(server)
        ]

    def _setting(self, server: Server, setting: str) -> NumberField | None:
        if setting not in settings_of(server):
            return None
        name = setting_field_name(server.name, setting)
        label = f"{setting.capitalize()} of {server.name}"
        return self.number(name, label, setting_in_force(server, setting))

    @property
    def any_setting(self) -> bool:
        """True if a setting was filled in."""
        return any("-of-" in name and text for name, text in self._data.items())

    def parameters(self) -> list[NumberField]:
        """Return a field for each parameter of the scenario."""
        return [
            self.number(
                PARAMETER + parameter.name,
                ", ".join(filter(None, [parameter_label(parameter.name), parameter.unit])),
                f"{parameter.default:g}",
            )
            for parameter in self._scenario.parameters.values()
        ]
