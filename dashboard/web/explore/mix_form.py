"""The form of a mix: its servers, its rate, and how often it and its views are fired."""

from __future__ import annotations

from typing import cast

from django import forms
from django.http import QueryDict

from dashboard.project.labtoml.mixes import MIX
from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.runs.experiments.mix import BLOCKS, MixExperiment, make_mix
from dashboard.web.shared.number_fields import WholeNumberField, number_field
from dashboard.wire.errors import InvalidPlan

from .forms import CHOICES, ExploreForm


class MixForm(ExploreForm):
    """Servers to select, and numbers; rate and duration are those of the mix if empty.

    `make_mix` checks bounds, as in the terminal.
    """

    servers = forms.MultipleChoiceField(error_messages=CHOICES)
    rate = number_field("rate", required=False)
    duration = number_field("duration", required=False)
    blocks = WholeNumberField(required=False)
    leave_out = forms.BooleanField(required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None = None) -> None:
        super().__init__(project, scenario, data)
        del self.fields["requests"], self.fields["rounds"]  # a block has one round at a rate
        field = cast("forms.MultipleChoiceField", self.fields["servers"])
        field.choices = [(name, name) for name in servers_of(project, scenario)]

    def mix(self) -> MixExperiment | None:
        """Return the mix to run, or None if a field is wrong; the form has the errors then."""
        if not self.is_valid():
            return None
        values = self.cleaned_data
        try:
            return make_mix(
                self.project,
                scenario=self.scenario.name,
                lanes=[f"{MIX}@{self.with_settings(server)}" for server in values["servers"]],
                blocks=values["blocks"],
                leave_out=values["leave_out"],
                rate_rps=values["rate"],
                duration_s=values["duration"],
            )
        except InvalidPlan as error:
            for problem in error.problems:
                name = problem.field.replace("lanes", "servers")
                self.add_error(name if name in self.fields else None, problem.message)
            return None

    @classmethod
    def initial_values(cls, scenario: Scenario) -> QueryDict:
        """Return the values of a new form."""
        data = QueryDict(mutable=True)
        data.setlist("servers", [lane.server for lane in scenario.lanes])
        data["blocks"] = str(BLOCKS)
        return data


def servers_of(project: Project, scenario: Scenario) -> list[str]:
    """Return the servers of the mix, the baseline first, then all others of the project."""
    return list(dict.fromkeys([*(lane.server for lane in scenario.lanes), *project.servers]))
