"""Survey: its form, the newest survey of the project, one for each link, and downloads."""

from __future__ import annotations

from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from dashboard.analysis.text.survey import STAND_IN_TEXT, fit_text
from dashboard.models import Experiment, Status
from dashboard.runs.experiments.survey.answer import survey_answer, surveys
from dashboard.runs.experiments.survey.files import survey_csv, survey_markdown
from dashboard.web.run.run_view import STATE_LINES, ago, state_word
from dashboard.web.shared.experiment_address import experiment_address
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.web.shared.queue_chips import chips
from dashboard.web.shared.template_context import TemplateContext

from .fields import estimate_words, form_context
from .forms import SurveyForm
from .orders import ORDERS, Order, order_named
from .rows import row_view

MAX_SHOWN = 50
STATES = {
    **STATE_LINES,
    Status.FAILED: "The survey failed. The measurements so far are kept.",
    Status.INTERRUPTED: "Interrupted: the process that performed this survey ended.",
}


@dataclass(frozen=True)
class SurveyView:
    """A survey in the list and above its table."""

    id: str
    title: str
    status: str
    state: str
    state_line: str
    active: bool
    ago: str


@require_safe
def survey(request: HtmxRequest) -> HttpResponse:
    """Show the form, the project's newest survey, and links to the earlier ones."""
    return _page(request)


@require_POST
async def start(request: HtmxRequest) -> HttpResponseBase:
    """Queue a survey."""
    form = SurveyForm(laboratory().project, request.POST)
    requested = await sync_to_async(form.survey)()
    if requested is None:
        return await sync_to_async(_page)(request, form)
    started = await laboratory().experiment(requested.experiment_plan)
    address = experiment_address(started)
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address, status=303)


@require_POST
def estimate(request: HttpRequest) -> HttpResponse:
    """Return how long a survey with the form's values takes; empty if a value is wrong."""
    project = laboratory().project
    text = estimate_words(project, SurveyForm(project, request.POST).survey())
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_safe
def result(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Show one survey, live while it runs."""
    context = {**_answer_context(_get(experiment_id), _order(request)), "queue": chips()}
    return render(request, "survey/result.html", context)


@require_safe
def answer(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Return a survey as a fragment, for an open page."""
    context = _answer_context(_get(experiment_id), _order(request))
    return render(request, "survey/answer.html", context)


@require_safe
def answer_json(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Download the answer as JSON."""
    experiment = _get(experiment_id)
    return _file(JsonResponse(survey_answer(experiment).to_json()), experiment, "json")


@require_safe
def answer_csv(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Download the answer as CSV."""
    experiment = _get(experiment_id)
    rows = survey_csv(survey_answer(experiment))
    return _file(HttpResponse(rows, content_type="text/csv"), experiment, "csv")


@require_safe
def answer_markdown(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Download the answer as Markdown, for a pull request or a page of decisions."""
    experiment = _get(experiment_id)
    text = survey_markdown(survey_answer(experiment))
    response = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    return _file(response, experiment, "md")


def _page(request: HtmxRequest, form: SurveyForm | None = None) -> HttpResponse:
    """Return the page; with a refused form 422, and for HTMX that form alone, so that it stays."""
    context: TemplateContext = {"form": form_context(laboratory().project, form)}
    status = 422 if form else 200
    if form and request.htmx:
        return render(request, "survey/form.html", context, status=status)
    earlier = surveys(laboratory().project.name)
    context |= {
        **(_answer_context(earlier[0], _order(request)) if earlier else {}),
        "earlier": [_view(experiment) for experiment in earlier[1 : MAX_SHOWN + 1]],
        "queue": chips(),
    }
    return render(request, "survey/survey.html", context, status=status)


def _order(request: HttpRequest) -> Order:
    return order_named(request.GET.get("sort"))


def _answer_context(experiment: Experiment, order: Order) -> TemplateContext:
    answer = survey_answer(experiment)
    rows = [row_view(row) for row in order.sorted(answer.rows)]
    return {
        "survey": _view(experiment),
        "answer": answer,
        "rows": rows,
        "order": order,
        "orders": ORDERS if len(rows) > 1 else (),
        "markdown": "" if experiment.active or not rows else survey_markdown(answer),
        "predictions": any(row.alternatives for row in rows),
        "fit": fit_text(answer.fit),
        "load": answer.concurrency[-1],
        "stand_in_text": STAND_IN_TEXT,
    }


def _view(experiment: Experiment) -> SurveyView:
    return SurveyView(
        id=experiment.pk,
        title=experiment.title,
        status=experiment.status,
        state=state_word(experiment.status),
        state_line=STATES[Status(experiment.status)],
        active=experiment.active,
        ago=ago(experiment.created),
    )


def _get(experiment_id: str) -> Experiment:
    return get_object_or_404(Experiment, pk=experiment_id, kind=Experiment.Kind.SURVEY)


def _file(response: HttpResponse, experiment: Experiment, kind: str) -> HttpResponse:
    name = f"{experiment.kind}-{experiment.pk}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
