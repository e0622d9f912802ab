"""The forms of Explore: they become an experiment, or messages beside fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.http import QueryDict

from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.project.servers.settings import InvalidSetting, with_settings
from dashboard.runs.experiments.matrix import Matrix, make_matrix, usual_servers
from dashboard.runs.experiments.sweep import Sweep, make_sweep
from dashboard.runs.experiments.sweep_axis import CONCURRENCY, RATE
from dashboard.web.shared.form_values import PARAMETER
from dashboard.web.shared.number_fields import DecimalNumberField, WholeNumberField, number_field
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.plan import Lane

from .server_settings import setting_field_name, settings_of

CHOICES = {
    "required": "expected at least one, found none",
    "invalid_choice": "expected one of those listed, found %(value)s",
}


class ExploreForm(forms.Form):
    """Fields of both forms: the scenario's parameters and numbers, empty for its defaults.

    Each server's processes and threads are fields too; those of servers that are not used are
    ignored. `make_matrix` and `make_sweep` check bounds, as in the terminal.
    """

    requests = number_field("requests", required=False)
    rounds = number_field("rounds", required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.project = project
        self.scenario = scenario
        for name in scenario.parameters:
            self.fields[PARAMETER + name] = DecimalNumberField(required=False)
        for server in project.servers.values():
            for setting in settings_of(server):
                self.fields[setting_field_name(server.name, setting)] = WholeNumberField(
                    required=False
                )

    def clean(self) -> None:
        """Check each setting, so that its message is beside its field."""
        for server in self.project.servers.values():
            for field, setting, value in self._settings(server.name):
                try:
                    with_settings(server, {setting: value})
                except InvalidSetting as error:
                    self.add_error(field, error.message)

    def with_settings(self, server: str) -> str:
        """Return a server's name with the form's settings: `gunicorn-gthread:threads=32`."""
        settings = ",".join(f"{setting}={value}" for _, setting, value in self._settings(server))
        return f"{server}:{settings}" if settings else server

    def _settings(self, server: str) -> Iterator[tuple[str, str, int]]:
        """Yield field, setting and value of what was filled in for a server."""
        if server not in self.project.servers:
            return
        for setting in settings_of(self.project.servers[server]):
            field = setting_field_name(server, setting)
            value = self.cleaned_data.get(field)
            if value is not None:
                yield field, setting, value

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

    variants = forms.MultipleChoiceField(error_messages=CHOICES)
    servers = forms.MultipleChoiceField(error_messages=CHOICES)
    concurrency = number_field("concurrency", required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None = None) -> None:
        super().__init__(project, scenario, data)
        for name, choices in (("variants", scenario.variants), ("servers", project.servers)):
            field = cast("forms.MultipleChoiceField", self.fields[name])
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
                servers=[self.with_settings(server) for server in values["servers"]],
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
    """The quantity to vary, its range, and the lanes; the first lane is the baseline.

    `baseline` makes another lane the first, whether it is selected or not.
    """

    axis = forms.CharField(
        max_length=100, error_messages={"required": "expected what to vary, found none"}
    )
    low = DecimalNumberField()
    high = DecimalNumberField()
    levels = WholeNumberField(required=False)
    duration = DecimalNumberField(required=False)
    baseline = forms.CharField(required=False)
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
                lanes=self._lanes(),
                levels=values["levels"],
                duration_s=values["duration"] if values["axis"] == RATE else None,
                **self._common(),
            )
        except InvalidPlan as error:
            self._add_problems(error)
            return None

    def _lanes(self) -> list[str]:
        """Return the selected lanes, the baseline first. Raises InvalidPlan for no lane's text."""
        selected = [self.cleaned_data["baseline"], *cast("QueryDict", self.data).getlist("lanes")]
        lanes = [Lane.parse(text) for text in selected if text.strip()]
        return [
            f"{lane.variant}@{self.with_settings(lane.server)}" for lane in dict.fromkeys(lanes)
        ]

    @classmethod
    def initial_values(cls, scenario: Scenario) -> QueryDict:
        """Return the values of a new form."""
        data = QueryDict(mutable=True)
        data["axis"], data["low"], data["high"] = CONCURRENCY, "1", "64"
        data["rounds"] = str(max(scenario.rounds, 5))
        data.setlist("lanes", [str(lane) for lane in _pair(scenario)])
        return data


def _pair(scenario: Scenario) -> list[Lane]:
    """Return the scenario's baseline and its first lane of the other family, if any."""
    baseline, *others = scenario.lanes
    family = scenario.variants[baseline.variant].family
    of_other_family = [lane for lane in others if scenario.variants[lane.variant].family != family]
    return [baseline, *(of_other_family or others)[:1]]
