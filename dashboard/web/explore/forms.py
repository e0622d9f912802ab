"""What the forms of Explore may ask for, and what comes of it: an experiment, or messages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from dashboard.project.labtoml.load import Project, Scenario
from dashboard.runs.experiments.matrix import Matrix, make_matrix, usual_servers
from dashboard.runs.experiments.sweep import Sweep, make_sweep
from dashboard.runs.experiments.sweep_axis import CONCURRENCY, RATE
from dashboard.web.shared.form_values import PARAMETER
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan import Lane

LANE_FIELDS = 3


class ExploreForm(forms.Form):
    """What both ask: the scenario's parameters and numbers; an empty one is the scenario's own.

    What is in bounds is `make_matrix`'s and `make_sweep`'s to say, as in the terminal.
    """

    requests = forms.IntegerField(required=False)
    rounds = forms.IntegerField(required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.project = project
        self.scenario = scenario
        for name in scenario.parameters:
            self.fields[PARAMETER + name] = forms.FloatField(required=False)

    def _asked(self) -> dict[str, Any]:
        given = self.cleaned_data
        values = {name: given[PARAMETER + name] for name in self.scenario.parameters}
        return {
            "scenario": self.scenario.name,
            "requests": given["requests"],
            "rounds": given["rounds"],
            "parameters": {name: value for name, value in values.items() if value is not None},
        }

    def _refuse(self, error: InvalidPlan) -> None:
        for problem in error.problems:
            name = problem.field.replace("parameters.", PARAMETER)
            self.add_error(name if name in self.fields else None, problem.message)


class MatrixForm(ExploreForm):
    """Variants and servers to tick."""

    variants = forms.MultipleChoiceField()
    servers = forms.MultipleChoiceField()
    concurrency = forms.IntegerField(required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None = None) -> None:
        super().__init__(project, scenario, data)
        for name, choices in (("variants", scenario.variants), ("servers", project.servers)):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - it is, above
            field.choices = [(choice, choice) for choice in choices]

    def matrix(self) -> Matrix | None:
        """The matrix to fire, or None when a field is wrong; the errors are on the form then."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        try:
            return make_matrix(
                self.project,
                variants=given["variants"],
                servers=given["servers"],
                concurrency=given["concurrency"],
                **self._asked(),
            )
        except InvalidPlan as error:
            self._refuse(error)
            return None

    @classmethod
    def at_first(cls, project: Project, scenario: Scenario) -> QueryDict:
        """The form as it stands before anybody has touched it."""
        data = QueryDict(mutable=True)
        data.setlist("variants", list(scenario.variants))
        data.setlist("servers", list(usual_servers(project)))
        data["requests"], data["rounds"] = str(scenario.requests), str(max(scenario.rounds, 5))
        return data


class SweepForm(ExploreForm):
    """What is swept, from where to where, and the lanes; the first one is the baseline."""

    axis = forms.CharField(max_length=100)
    low = forms.FloatField()
    high = forms.FloatField()
    levels = forms.IntegerField(required=False)
    duration = forms.FloatField(required=False)
    lanes = forms.CharField(required=False)  # several of one name; `sweep` reads them
    over = forms.CharField(required=False)  # where messages about the range stand

    def sweep(self) -> Sweep | None:
        """The sweep to fire, or None when a field is wrong; the errors are on the form then."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        try:
            return make_sweep(
                self.project,
                over=f"{given['axis']}={given['low']!r}..{given['high']!r}",
                lanes=typed_lanes(self.data),
                levels=given["levels"],
                duration_s=given["duration"] if given["axis"] == RATE else None,
                **self._asked(),
            )
        except InvalidPlan as error:
            self._refuse(error)
            return None

    @classmethod
    def at_first(cls, scenario: Scenario) -> QueryDict:
        """The form as it stands before anybody has touched it."""
        data = QueryDict(mutable=True)
        data["axis"], data["low"], data["high"] = CONCURRENCY, "1", "64"
        data["rounds"] = str(max(scenario.rounds, 5))
        data.setlist("lanes", [str(lane) for lane in _pair(scenario)])
        return data


def typed_lanes(data: Any) -> list[str]:
    """The lanes that were filled in."""
    return [text for text in data.getlist("lanes") if text.strip()]


def _pair(scenario: Scenario) -> list[Lane]:
    """The scenario's baseline, and the first of its lanes of the other family, if there is one."""
    baseline, *others = scenario.lanes
    family = scenario.variants[baseline.variant].family
    apart = [lane for lane in others if scenario.variants[lane.variant].family != family]
    return [baseline, *(apart or others)[:1]]
