"""The form of a survey: it becomes an experiment, or messages beside fields."""

from __future__ import annotations

from typing import cast

from django import forms
from django.http import QueryDict

from dashboard.project.project import Project
from dashboard.runs.experiments.survey.question import Survey, make_survey
from dashboard.web.shared.number_fields import number_field
from dashboard.wire.errors import InvalidPlan

MAX_SERVER_LENGTH = 200


class SurveyForm(forms.Form):
    """Which scenarios (none selected: all, or those of a mix), at which server, fired how.

    `make_survey` checks bounds, as in the terminal.
    """

    scenarios = forms.MultipleChoiceField(
        required=False,
        error_messages={"invalid_choice": "expected one of those listed, found %(value)s"},
    )
    server = forms.CharField(required=False, max_length=MAX_SERVER_LENGTH)
    mix = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": "expected a mix, found %(value)s"}
    )
    concurrency = number_field("concurrency", required=False)
    rounds = number_field("rounds", required=False)

    def __init__(self, project: Project, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.project = project
        field = cast("forms.MultipleChoiceField", self.fields["scenarios"])
        field.choices = [(name, name) for name in project.unmixed]
        mix = cast("forms.ChoiceField", self.fields["mix"])
        mix.choices = [(name, each.title) for name, each in project.scenarios.items() if each.mix]

    def survey(self) -> Survey | None:
        """Return the survey to run, or None if a field is wrong; the form has the errors then."""
        if not self.is_valid():
            return None
        values = self.cleaned_data
        try:
            return make_survey(
                self.project,
                scenarios=values["scenarios"],
                server=values["server"] or None,
                concurrency=values["concurrency"],
                rounds=values["rounds"],
                mix=values["mix"],
            )
        except InvalidPlan as error:
            for problem in error.problems:
                field = problem.field if problem.field in self.fields else None
                self.add_error(field, problem.message)
            return None

    @classmethod
    def initial_values(cls, project: Project) -> QueryDict:
        """Return the values of a new form: every scenario, at today's server."""
        data = QueryDict(mutable=True)
        data["server"] = project.today
        return data
