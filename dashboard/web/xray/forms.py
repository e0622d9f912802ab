"""The form of a request to trace, and its values for one that was traced."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.runs.xray.traced_request import XraySubject, make_subject
from dashboard.web.shared.form_values import PARAMETER
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.web.shared.number_fields import DecimalNumberField, number_field
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.fields import DEFAULT_TIMEOUT_S

MOST_CHARACTERS = 250  # of a lane


class XrayForm(forms.Form):
    """The request to trace; the project validates it."""

    lane = forms.CharField(
        max_length=MOST_CHARACTERS,
        error_messages={
            "required": "expected a lane, found none",
            "max_length": f"expected {MOST_CHARACTERS} characters at most, found %(show_value)d",
        },
    )
    timeout = number_field("timeout", required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None) -> None:
        super().__init__(data)
        self.project = project
        self.scenario = scenario
        for name in scenario.parameters:
            self.fields[PARAMETER + name] = DecimalNumberField(required=False)

    def subject(self) -> XraySubject | None:
        """Return the subject, or None if a field is wrong; the form has the errors then."""
        if not self.is_valid():
            return None
        given = {name: self.cleaned_data[PARAMETER + name] for name in self.scenario.parameters}
        timeout_s = self.cleaned_data["timeout"]
        try:
            return make_subject(
                self.project,
                scenario=self.scenario.name,
                lane=self.cleaned_data["lane"],
                parameters={name: value for name, value in given.items() if value is not None},
                timeout_s=DEFAULT_TIMEOUT_S if timeout_s is None else timeout_s,
            )
        except InvalidPlan as error:
            for problem in error.problems:
                name = problem.field.replace("parameters.", PARAMETER).replace("lanes", "lane")
                self.add_error(name if name in self.fields else None, problem.message)
            return None


def form_of(data: QueryDict) -> XrayForm:
    """Return the form with these values, of the scenario that they name or else of the first."""
    project = laboratory().project
    scenario = project.unmixed.get(data.get("scenario", ""))
    return XrayForm(project, scenario or next(iter(project.unmixed.values())), data)


def form_for(subject: XraySubject, **changed: str) -> XrayForm:
    """Return the form with the values of a subject; `changed` are values of other fields."""
    data = QueryDict(mutable=True)
    data["scenario"] = subject.scenario
    data["lane"] = str(subject.lane)
    data["timeout"] = f"{subject.timeout_s:g}"
    for name, value in subject.parameters.items():
        data[PARAMETER + name] = f"{value:g}"
    for name, text in changed.items():
        data[name] = text
    return form_of(data)
