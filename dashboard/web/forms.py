"""What a form may ask for, and what comes of it: a plan, or a message beside each field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from dashboard.runs.planning import make_plan
from dashboard.targets.manifest import Project, Scenario
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan import (
    MAX_CONCURRENCY,
    MAX_REQUESTS,
    MAX_ROUNDS,
    MAX_SEED,
    MAX_TIMEOUT_S,
    Plan,
)

PARAMETER = "parameter_"


class FireForm(forms.Form):
    """What to fire at one scenario. `quick` is the button pressed: n = c = that many."""

    requests = forms.IntegerField(min_value=1, max_value=MAX_REQUESTS)
    concurrency = forms.IntegerField(min_value=1, max_value=MAX_CONCURRENCY, required=False)
    rounds = forms.IntegerField(min_value=1, max_value=MAX_ROUNDS)
    seed = forms.IntegerField(min_value=0, max_value=MAX_SEED, required=False)
    timeout = forms.FloatField(min_value=0.001, max_value=MAX_TIMEOUT_S)
    quick = forms.IntegerField(min_value=1, max_value=MAX_REQUESTS, required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.project = project
        self.scenario = scenario
        self.fields["lanes"] = forms.MultipleChoiceField(
            choices=[(value, value) for value in lane_names(project, scenario)],
            error_messages={"invalid_choice": "Expected a lane of this scenario, found %(value)s."},
        )
        for name, parameter in scenario.parameters.items():
            self.fields[PARAMETER + name] = forms.FloatField(
                min_value=parameter.min, max_value=parameter.max
            )

    def plan(self) -> Plan | None:
        """The plan to fire, or None when a field is wrong; the errors are on the form then."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        try:
            return make_plan(
                self.project,
                scenario=self.scenario.name,
                lanes=given["lanes"],
                requests=given["quick"] or given["requests"],
                concurrency=None if given["quick"] else given["concurrency"],
                rounds=given["rounds"],
                seed=given["seed"],
                parameters=self._parameters(given),
                timeout_s=given["timeout"],
            )
        except InvalidPlan as error:
            for problem in error.problems:
                self._refuse(problem.field, problem.message)
            return None

    def _parameters(self, given: Mapping[str, Any]) -> dict[str, float]:
        return {name: given[PARAMETER + name] for name in self.scenario.parameters}

    def _refuse(self, field: str, message: str) -> None:
        name = field.replace("parameters.", PARAMETER)
        self.add_error(name if name in self.fields else None, message)


def lane_names(project: Project, scenario: Scenario) -> list[str]:
    """Every lane that could be fired, the scenario's own first and in its order."""
    own = [str(lane) for lane in scenario.lanes]
    every = [
        f"{variant.name}@{server.name}"
        for variant in scenario.variants.values()
        for server in project.servers.values()
        if project.application(server) and variant.needs in (None, server.interface)
    ]
    return own + [lane for lane in every if lane not in own]
