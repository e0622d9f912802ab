"""The forms of Explore: fields with their values, checkboxes, messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.http import QueryDict

from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.runs.experiments.sweep import USUAL_DURATION_S
from dashboard.runs.experiments.sweep_axis import CONCURRENCY, RATE
from dashboard.targets.lifecycle.server_packages import missing_packages
from dashboard.web.shared.form_values import PARAMETER, lane_names, parameter_label

from .forms import LANE_FIELDS, ExploreForm, MatrixForm, SweepForm

AXES = {CONCURRENCY: "Requests in flight", RATE: "Requests per second"}


@dataclass(frozen=True)
class NumberField:
    """A number; if empty, the value is that of `placeholder`."""

    id: str
    name: str
    label: str
    value: str
    placeholder: str
    errors: list[str]


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
) -> dict[str, Any]:
    """Return the template context; a form is passed if it was submitted and refused."""
    return {
        "project": project.name,
        "scenarios": list(project.scenarios.values()),
        "scenario": scenario,
        "lane_names": lane_names(project, scenario),
        "matrix": _matrix(project, scenario, matrix_form),
        "sweep": _sweep(scenario, sweep_form),
    }


def _matrix(project: Project, scenario: Scenario, form: MatrixForm | None) -> dict[str, Any]:
    values = _FormValues("matrix", scenario, form, MatrixForm.initial_values(project, scenario))
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
    }


def _sweep(scenario: Scenario, form: SweepForm | None) -> dict[str, Any]:
    values = _FormValues("sweep", scenario, form, SweepForm.initial_values(scenario))
    lanes = [*values.texts("lanes"), *[""] * LANE_FIELDS][:LANE_FIELDS]
    labels = ("Baseline", *["Compared with"] * (LANE_FIELDS - 1))
    names = {**AXES, **{name: parameter_label(name) for name in scenario.parameters}}
    return {
        "errors": values.errors,
        "axes": [(name, label, name == values.text("axis")) for name, label in names.items()],
        "ends": [values.number("low", "From"), values.number("high", "To")],
        "lanes": list(zip(labels, lanes, strict=True)),
        "numbers": [
            values.number("levels", "Steps", "doubling"),
            values.number("requests", "Requests", "5 per slot"),
            values.number("duration", "Duration of a rate, s", f"{USUAL_DURATION_S:g}"),
            values.number("rounds", "Rounds", "5"),
            *values.parameters(),
        ],
    }


class _FormValues:
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
