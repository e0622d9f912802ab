"""Explore: which variant at which server (matrix), and from which load on (sweep)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import aget_object_or_404, get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.models import Experiment, Status
from dashboard.project.labtoml.load import Scenario
from dashboard.runs.experiments.matrix_table import matrix_answer, matrix_csv
from dashboard.runs.experiments.sweep_table import sweep_answer, sweep_csv
from dashboard.runs.queue.experiment import ExperimentPlan
from dashboard.runs.reports.wording import load_words
from dashboard.web.run.run_view import STATE_LINES, ago
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.web.shared.queue_chips import chips
from dashboard.wire.plan import load_from_json

from .fields import explore_context
from .forms import MatrixForm, SweepForm
from .matrix_view import heat_table
from .sweep_charts import charts

SHOWN = 50
KINDS = (Experiment.Kind.MATRIX, Experiment.Kind.SWEEP)
Answer = dict[str, Any]


@dataclass(frozen=True)
class ExperimentView:
    """An experiment on the page; `done` of `planned` cells or levels are known."""

    id: str
    kind: str
    title: str
    status: str
    active: bool
    problem: str
    state_line: str
    when: str
    done: int
    planned: int


@require_GET
def explore(request: HttpRequest) -> HttpResponse:
    """What can be asked, and what was asked before."""
    scenario = _scenario(request.GET.get("scenario"))
    return _explore_page(request, scenario)


@require_POST
async def matrix(request: HttpRequest) -> HttpResponseBase:
    """Put a matrix into the line."""
    scenario = _scenario(request.POST.get("scenario"))
    form = MatrixForm(laboratory().project, scenario, request.POST)
    asked = await sync_to_async(form.matrix)()
    if asked is None:
        return await sync_to_async(_explore_page)(request, scenario, matrix_form=form, status=422)
    return await _begin(asked.experiment_plan)


@require_POST
async def sweep(request: HttpRequest) -> HttpResponseBase:
    """Put a sweep into the line."""
    scenario = _scenario(request.POST.get("scenario"))
    form = SweepForm(laboratory().project, scenario, request.POST)
    asked = form.sweep()
    if asked is None:
        return await sync_to_async(_explore_page)(request, scenario, sweep_form=form, status=422)
    return await _begin(asked.experiment_plan)


async def _begin(plan: ExperimentPlan) -> HttpResponseBase:
    started = await laboratory().experiment(plan)
    return HttpResponseRedirect(reverse("experiment", args=[started.pk]), status=303)


def _explore_page(
    request: HttpRequest,
    scenario: Scenario,
    *,
    matrix_form: MatrixForm | None = None,
    sweep_form: SweepForm | None = None,
    status: int = 200,
) -> HttpResponse:
    earlier = Experiment.objects.filter(kind__in=KINDS)[:SHOWN]
    context = {
        **explore_context(laboratory().project, scenario, matrix_form, sweep_form),
        "experiments": [_view(found) for found in earlier],
        "line": chips(),
    }
    return render(request, "explore/explore.html", context, status=status)


@require_GET
def experiment(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """One experiment, live while it runs."""
    context = _context(request, _found(experiment_id))
    return render(request, "explore/experiment.html", {**context, "line": chips()})


@require_GET
def answer(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """The same as a fragment, for a page that is open."""
    return render(request, "explore/answer.html", _context(request, _found(experiment_id)))


@require_GET
def answer_json(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """The answer as one JSON object, as a file."""
    found = _found(experiment_id)
    return _file(JsonResponse(_answer(found)), found, "json")


@require_GET
def answer_csv(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """The answer as rows, as a file."""
    found = _found(experiment_id)
    rows = {Experiment.Kind.MATRIX: matrix_csv, Experiment.Kind.SWEEP: sweep_csv}[_kind(found)]
    return _file(HttpResponse(rows(_answer(found)), content_type="text/csv"), found, "csv")


@require_POST
async def stop(request: HtmxRequest, experiment_id: str) -> HttpResponseBase:
    """Stop an experiment, or take it out of the line; harmless when it is over."""
    found = await aget_object_or_404(Experiment, pk=experiment_id)
    if found.active:
        await laboratory().stop(found)
    if not request.htmx:
        where = "experiment" if found.kind in KINDS else "claims"
        arguments = [found.pk] if found.kind in KINDS else []
        return HttpResponseRedirect(reverse(where, args=arguments), status=303)
    return await sync_to_async(_line)(request)


def _line(request: HttpRequest) -> HttpResponse:
    return render(request, "shared/queue.html", {"line": chips()})


def _file(response: HttpResponse, found: Experiment, kind: str) -> HttpResponse:
    name = f"{found.kind}-{found.pk}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _found(experiment_id: str) -> Experiment:
    return get_object_or_404(Experiment, pk=experiment_id, kind__in=KINDS)


def _kind(found: Experiment) -> Experiment.Kind:
    return Experiment.Kind(found.kind)


def _answer(found: Experiment) -> Answer:
    answers: dict[Experiment.Kind, Callable[[Experiment], Answer]] = {
        Experiment.Kind.MATRIX: matrix_answer,
        Experiment.Kind.SWEEP: sweep_answer,
    }
    return answers[_kind(found)](found)


def _context(request: HttpRequest, found: Experiment) -> dict[str, Any]:
    given = _answer(found)
    context: dict[str, Any] = {
        "answer": given,
        "experiment": _view(found, *_progress(given)),
        "query": request.GET.urlencode(),
    }
    if _kind(found) == Experiment.Kind.MATRIX:
        rows, columns = request.GET.get("rows", ""), request.GET.get("columns", "")
        context["table"] = heat_table(given, rows=rows, columns=columns)
        context["load"] = load_words(load_from_json(given["load"]))
    else:
        context["charts"] = charts(given)
    return context


def _progress(given: Answer) -> tuple[int, int]:
    if given["kind"] == Experiment.Kind.SWEEP:
        return len(given["levels"]), max(len(given["planned"]), len(given["levels"]))
    states = [cell["state"] for cell in given["cells"] if cell["state"] != "refused"]
    return len(states) - sum(state in ("waiting", "running") for state in states), len(states)


def _view(found: Experiment, done: int = 0, planned: int = 0) -> ExperimentView:
    return ExperimentView(
        id=found.pk,
        kind=found.kind,
        title=found.title,
        status=found.status,
        active=found.active,
        problem=found.problem,
        state_line=STATE_LINES[Status(found.status)],
        when=ago(found.created),
        done=done,
        planned=planned,
    )


def _scenario(name: str | None) -> Scenario:
    scenarios = laboratory().project.scenarios
    if name and name not in scenarios:
        raise Http404(f"Expected one of {', '.join(scenarios)}, found {name!r}.")
    return scenarios[name] if name else next(iter(scenarios.values()))
