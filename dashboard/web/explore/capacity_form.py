"""The form of a capacity: a rate, its limits, and the lanes whose size is varied."""

from __future__ import annotations

from typing import cast

from django import forms
from django.http import QueryDict

from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.runs.experiments.capacity.question import (
    USUAL_DURATION_S,
    USUAL_ERROR_SHARE,
    USUAL_ROUNDS,
    Capacity,
    first_of_each_family,
    make_capacity,
)
from dashboard.web.shared.form_values import PARAMETER
from dashboard.web.shared.number_fields import DecimalNumberField
from dashboard.wire.errors import InvalidPlan

from .forms import ExploreForm

INITIAL_RATE, INITIAL_P95_MS = "50", "500"


class CapacityForm(ExploreForm):
    """Limits in the units of the page: ms, percent, MiB. Lanes: none for the first of each family.

    The fields of servers and of requests are those of the other forms, and ignored.
    """

    rate = DecimalNumberField()
    p95 = DecimalNumberField()
    error = DecimalNumberField(required=False)
    memory = DecimalNumberField(required=False)
    duration = DecimalNumberField(required=False)
    lanes = forms.CharField(required=False)  # repeated; read by `capacity`

    def capacity(self) -> Capacity | None:
        """Return the question, or None if a field is wrong; the form has the errors then."""
        if not self.is_valid():
            return None
        values = self.cleaned_data
        lanes = cast("QueryDict", self.data).getlist("lanes")
        parameters = {name: values[PARAMETER + name] for name in self.scenario.parameters}
        error, rounds, duration_s = values["error"], values["rounds"], values["duration"]
        try:
            return make_capacity(
                self.project,
                scenario=self.scenario.name,
                rate_rps=values["rate"],
                p95_ms=values["p95"],
                error_share=USUAL_ERROR_SHARE if error is None else error / 100,
                memory_mb=values["memory"],
                lanes=[str(lane) for lane in lanes if str(lane).strip()],
                rounds=USUAL_ROUNDS if rounds is None else rounds,
                duration_s=USUAL_DURATION_S if duration_s is None else duration_s,
                parameters={name: value for name, value in parameters.items() if value is not None},
            )
        except InvalidPlan as error_of_plan:
            self._add_problems(error_of_plan)
            return None

    @classmethod
    def initial_values(cls, project: Project, scenario: Scenario) -> QueryDict:
        """Return the values of a new form."""
        data = QueryDict(mutable=True)
        data["rate"], data["p95"] = INITIAL_RATE, INITIAL_P95_MS
        data.setlist("lanes", [str(lane) for lane in first_of_each_family(scenario)])
        return data
