"""The forms of Explore: they become an experiment, or messages beside fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.runs.experiments.matrix import Matrix, make_matrix, usual_servers
from dashboard.runs.experiments.sweep import Sweep, make_sweep
from dashboard.runs.experiments.sweep_axis import CONCURRENCY, RATE
from dashboard.web.shared.form_values import PARAMETER, number_field
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.plan import Lane

LANE_FIELDS = 3


class ExploreForm(forms.Form):
    """Fields of both forms: the scenario's parameters and numbers, empty for its defaults.

    `make_matrix` and `make_sweep` check bounds, as in the terminal.
    """

    requests = number_field("requests", required=False)
    rounds = number_field("rounds", required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.project = project
        self.scenario = scenario
        for name in scenario.parameters:
            self.fields[PARAMETER + name] = forms.FloatField(required=False)

    def _common(self) -> dict[str, Any]:
        values = self.cleaned_data
        parameters = {name: values[PARAMETER + name] for name in self.scenario.parameters}
        return {
            "scenario": self.scenario.name,
            "requests": values["requests"],
            "rounds": values["rounds"],
            "parameters": {name: value for name, value in parameters.items() if value is not None},
        }

    def _add_problems(self, error: InvalidPlan) -> None:
        for problem in error.problems:
            name = problem.field.replace("parameters.", PARAMETER)
            self.add_error(name if name in self.fields else None, problem.message)


class MatrixForm(ExploreForm):
    """Variants and servers to select."""

    variants = forms.MultipleChoiceField()
    servers = forms.MultipleChoiceField()
    concurrency = number_field("concurrency", required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None = None) -> None:
        super().__init__(project, scenario, data)
        for name, choices in (("variants", scenario.variants), ("servers", project.servers)):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)  # nosec B101 # noqa: S101 - declared above
            field.choices = [(choice, choice) for choice in choices]

    def matrix(self) -> Matrix | None:
        """Return the matrix to run, or None if a field is wrong; the form has the errors then."""
        if not self.is_valid():
            return None
        values = self.cleaned_data
        try:
            return make_matrix(
                self.project,
                variants=values["variants"],
                servers=values["servers"],
                concurrency=values["concurrency"],
                **self._common(),
            )
        except InvalidPlan as error:
            self._add_problems(error)
            return None

    @classmethod
    def initial_values(cls, project: Project, scenario: Scenario) -> QueryDict:
        """Return the values of a new form."""
        data = QueryDict(mutable=True)
        data.setlist("variants", list(scenario.variants))
        data.setlist("servers", list(usual_servers(project)))
        data["requests"], data["rounds"] = str(scenario.requests), str(max(scenario.rounds, 5))
        return data


class SweepForm(ExploreForm):
    """The quantity to vary, its range, and the lanes; the first lane is the baseline."""

    axis = forms.CharField(max_length=100)
    low = forms.FloatField()
    high = forms.FloatField()
    levels = forms.IntegerField(required=False)
    duration = forms.FloatField(required=False)
    lanes = forms.CharField(required=False)  # repeated; read by `sweep`
    over = forms.CharField(required=False)  # for messages about the range

    def sweep(self) -> Sweep | None:
        """Return the sweep to run, or None if a field is wrong; the form has the errors then."""
        if not self.is_valid():
            return None
        values = self.cleaned_data
        try:
            return make_sweep(
                self.project,
                over=f"{values['axis']}={values['low']!r}..{values['high']!r}",
                lanes=submitted_lanes(self.data),
                levels=values["levels"],
                duration_s=values["duration"] if values["axis"] == RATE else None,
                **self._common(),
            )
        except InvalidPlan as error:
            self._add_problems(error)
            return None

    @classmethod
    def initial_values(cls, scenario: Scenario) -> QueryDict:
        """Return the values of a new form."""
        data = QueryDict(mutable=True)
        data["axis"], data["low"], data["high"] = CONCURRENCY, "1", "64"
        data["rounds"] = str(max(scenario.rounds, 5))
        data.setlist("lanes", [str(lane) for lane in _pair(scenario)])
        return data


def submitted_lanes(data: Any) -> list[str]:
    """Return the lanes that are not empty."""
    return [text for text in data.getlist("lanes") if text.strip()]


def _pair(scenario: Scenario) -> list[Lane]:
    """Return the scenario's baseline and its first lane of the other family, if any."""
    baseline, *others = scenario.lanes
    family = scenario.variants[baseline.variant].family
    of_other_family = [lane for lane in others if scenario.variants[lane.variant].family != family]
    return [baseline, *(of_other_family or others)[:1]]
