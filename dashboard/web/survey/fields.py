"""The form of a survey as its template shows it: values, choices, messages, the estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django.http import QueryDict

from dashboard.project.project import Project
from dashboard.runs.experiments.survey.question import USUAL_CONCURRENCY, USUAL_ROUNDS, Survey
from dashboard.web.shared.number_fields import NumberField
from dashboard.web.shared.template_context import TemplateContext
from dashboard.wire.plural import counted

from .estimates import survey_estimate
from .forms import SurveyForm


@dataclass(frozen=True)
class ScenarioBox:
    """A checkbox for a scenario."""

    name: str
    title: str
    checked: bool


def form_context(project: Project, form: SurveyForm | None = None) -> TemplateContext:
    """Return the template context of the form; `form` is one that was submitted and refused."""
    initial = SurveyForm.initial_values(project)
    data = initial if form is None else cast("QueryDict", form.data)
    errors = _errors(form)
    survey = None if form else SurveyForm(project, initial).survey()
    selected = data.getlist("scenarios")
    return {
        "project": project.name,
        "boxes": [
            ScenarioBox(scenario.name, scenario.title, scenario.name in selected)
            for scenario in project.unmixed.values()
        ],
        "server": str(data.get("server", "")),
        "servers": list(project.servers),
        "mixes": [
            (scenario.name, scenario.title, scenario.name == data.get("mix"))
            for scenario in project.scenarios.values()
            if scenario.mix
        ],
        "numbers": [
            _number(data, errors, "concurrency", "Requests in flight", USUAL_CONCURRENCY),
            _number(data, errors, "rounds", "Rounds", USUAL_ROUNDS),
        ],
        "errors": errors,
        "estimate": estimate_words(project, survey),
    }


def estimate_words(project: Project, survey: Survey | None) -> str:
    """Return how many views are surveyed, and how long that takes; empty for None."""
    if survey is None:
        return ""
    refused = len(survey.views) - len(survey.fireable)
    parts = [
        counted(len(survey.fireable), "view"),
        survey_estimate(project, survey),
        f"{refused} more cannot be fired" if refused else "",
    ]
    return "; ".join(filter(None, parts))


def _number(
    data: QueryDict, errors: dict[str, list[str]], name: str, label: str, default: int
) -> NumberField:
    value = str(data.get(name, ""))
    return NumberField(f"survey-{name}", name, label, value, str(default), errors.get(name, []))


def _errors(form: SurveyForm | None) -> dict[str, list[str]]:
    """Return the messages by field; `all` has those of no single field."""
    return {
        field.replace("__all__", "all"): [str(message) for message in messages]
        for field, messages in (form.errors.items() if form else ())
    }
