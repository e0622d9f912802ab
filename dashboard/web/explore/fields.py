"""What the forms of Explore show: fields with what was typed, boxes to tick, messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.http import QueryDict

from dashboard.project.labtoml.load import Project, Scenario
from dashboard.runs.experiments.sweep import USUAL_DURATION_S
from dashboard.runs.experiments.sweep_axis import CONCURRENCY, RATE
from dashboard.targets.lifecycle.server_packages import missing_packages
from dashboard.web.shared.form_values import PARAMETER, lane_names

from .forms import LANE_FIELDS, ExploreForm, MatrixForm, SweepForm

AXES = {CONCURRENCY: "Requests in flight", RATE: "Requests a second"}


@dataclass(frozen=True)
class NumberField:
    """A number; an empty one means what `placeholder` says."""

    id: str
    name: str
    label: str
    value: str
    placeholder: str
    errors: list[str]


@dataclass(frozen=True)
class Box:
    """Something to be ticked; `note` says why it would come to nothing."""

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
    """The templates' context; a form is given where it was sent and refused."""
    return {
        "project": project.name,
        "scenarios": list(project.scenarios.values()),
        "scenario": scenario,
        "lane_names": lane_names(project, scenario),
        "matrix": _matrix(project, scenario, matrix_form),
        "sweep": _sweep(scenario, sweep_form),
    }


def _matrix(project: Project, scenario: Scenario, form: MatrixForm | None) -> dict[str, Any]:
    typed = _Typed("matrix", scenario, form, MatrixForm.at_first(project, scenario))
    variants, servers = typed.several("variants"), typed.several("servers")
    return {
        "errors": typed.errors,
        "variants": [
            Box(
                variant.name,
                variant.name in variants,
                variant.family,
                project.missing_requirement(variant),
            )
            for variant in scenario.variants.values()
        ],
        "servers": [
            Box(
                name,
                name in servers,
                note="not installed" if missing_packages(project, one) else "",
            )
            for name, one in project.servers.items()
        ],
        "numbers": [
            typed.number("requests", "Requests", str(scenario.requests)),
            typed.number("concurrency", "At most in flight", "all"),
            typed.number("rounds", "Rounds", str(scenario.rounds)),
            *typed.parameters(),
        ],
    }


def _sweep(scenario: Scenario, form: SweepForm | None) -> dict[str, Any]:
    typed = _Typed("sweep", scenario, form, SweepForm.at_first(scenario))
    lanes = [*typed.several("lanes"), *[""] * LANE_FIELDS][:LANE_FIELDS]
    labels = ("Baseline", *["Against"] * (LANE_FIELDS - 1))
    names = {**AXES, **{name: label_of(name) for name in scenario.parameters}}
    return {
        "errors": typed.errors,
        "axes": [(name, label, name == typed.one("axis")) for name, label in names.items()],
        "ends": [typed.number("low", "From"), typed.number("high", "To")],
        "lanes": list(zip(labels, lanes, strict=True)),
        "numbers": [
            typed.number("levels", "Steps", "doubling"),
            typed.number("requests", "Requests", "5 a slot"),
            typed.number("duration", "Duration of a rate, s", f"{USUAL_DURATION_S:g}"),
            typed.number("rounds", "Rounds", "5"),
            *typed.parameters(),
        ],
    }


def label_of(parameter: str) -> str:
    """A parameter's name as a label."""
    return parameter.replace("_", " ").capitalize()


class _Typed:
    """What stands in a form: what was typed, or what stands there at first."""

    def __init__(
        self, name: str, scenario: Scenario, form: ExploreForm | None, at_first: QueryDict
    ) -> None:
        self._name = name
        self._scenario = scenario
        self._data = at_first if form is None else cast("QueryDict", form.data)
        errors = form.errors.items() if form else ()
        self.errors: dict[str, list[str]] = {  # by field; those of no field by `all`
            field.replace("__all__", "all"): [str(message) for message in messages]
            for field, messages in errors
        }

    def one(self, name: str) -> str:
        """The text of a field."""
        return str(self._data.get(name, ""))

    def several(self, name: str) -> list[str]:
        """Every text of a field that is there several times."""
        return [str(text) for text in self._data.getlist(name)]

    def number(self, name: str, label: str, placeholder: str = "") -> NumberField:
        """A field for a number."""
        errors = self.errors.get(name, [])
        return NumberField(f"{self._name}-{name}", name, label, self.one(name), placeholder, errors)

    def parameters(self) -> list[NumberField]:
        """A field for each parameter of the scenario."""
        return [
            self.number(
                PARAMETER + one.name,
                ", ".join(filter(None, [label_of(one.name), one.unit])),
                f"{one.default:g}",
            )
            for one in self._scenario.parameters.values()
        ]
