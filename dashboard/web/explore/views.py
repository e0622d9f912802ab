"""Explore: a matrix, a sweep, views beside views (mix), what a rate needs (capacity)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
from django.views.decorators.http import require_POST, require_safe

from dashboard.analysis.text.mix import disturbed_text
from dashboard.models import Experiment, Status
from dashboard.project.model.scenario import Scenario
from dashboard.runs.experiments.capacity.answer import capacity_answer, capacity_csv
from dashboard.runs.experiments.capacity.steps import capacity_experiment
from dashboard.runs.experiments.matrix_table import matrix_answer, matrix_csv
from dashboard.runs.experiments.mix_table import mix_answer, mix_csv
from dashboard.runs.experiments.sweep_table import sweep_answer, sweep_csv
from dashboard.runs.queue.experiment import ExperimentPlan
from dashboard.runs.reports.wording import load_text
from dashboard.web.run.run_view import STATE_LINES, ago, state_word
from dashboard.web.shared.experiment_address import experiment_address
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.web.shared.queue_chips import chips
from dashboard.web.shared.template_context import TemplateContext
from dashboard.wire.experiments.mix import MixAnswer
from dashboard.wire.plan.plan import load_from_json

from .capacity_form import CapacityForm
from .capacity_view import candidate_views, load_words
from .estimates import capacity_estimate, matrix_estimate, mix_estimate, sweep_estimate
from .fields import explore_context
from .forms import MatrixForm, SweepForm
from .matrix_view import heat_table
from .mix_fields import mix_context
from .mix_form import MixForm
from .mix_view import planned_runs, slowdown_tables
from .sweep_charts import charts
from .sweep_table import level_rows

MAX_SHOWN = 50
KINDS = (
    *(Experiment.Kind.MATRIX, Experiment.Kind.SWEEP),
    *(Experiment.Kind.MIX, Experiment.Kind.CAPACITY),
)


@dataclass(frozen=True)
class ExperimentView:
    """An experiment on the page; `done` of `planned` cells or levels are measured."""

    id: str
    kind: str
    title: str
    status: str
    state: str
    active: bool
    state_line: str
    ago: str
    done: int
    planned: int


@require_safe
def explore(request: HtmxRequest) -> HttpResponse:
    """Show the forms and earlier experiments."""
    scenario = _scenario(request.GET.get("scenario"))
    return _explore_page(request, scenario)


@require_POST
async def matrix(request: HtmxRequest) -> HttpResponseBase:
    """Queue a matrix."""
    scenario = _scenario(request.POST.get("scenario"))
    form = MatrixForm(laboratory().project, scenario, request.POST)
    requested = await sync_to_async(form.matrix)()
    if requested is None:
        return await sync_to_async(_explore_page)(request, scenario, matrix_form=form)
    return await _begin(request, requested.experiment_plan)


@require_POST
async def sweep(request: HtmxRequest) -> HttpResponseBase:
    """Queue a sweep."""
    scenario = _scenario(request.POST.get("scenario"))
    form = SweepForm(laboratory().project, scenario, request.POST)
    requested = form.sweep()
    if requested is None:
        return await sync_to_async(_explore_page)(request, scenario, sweep_form=form)
    return await _begin(request, requested.experiment_plan)


@require_POST
async def mix(request: HtmxRequest) -> HttpResponseBase:
    """Queue a mix and its views."""
    scenario = _scenario(request.POST.get("scenario"))
    form = MixForm(laboratory().project, scenario, request.POST)
    requested = form.mix()
    if requested is None:
        return await sync_to_async(_explore_page)(request, scenario, mix_form=form)
    return await _begin(request, requested.experiment_plan)


@require_POST
async def capacity(request: HtmxRequest) -> HttpResponseBase:
    """Queue the search for the least configuration that holds a rate."""
    scenario = _scenario(request.POST.get("scenario"))
    form = CapacityForm(laboratory().project, scenario, request.POST)
    requested = await sync_to_async(form.capacity)()
    if requested is None:
        return await sync_to_async(_explore_page)(request, scenario, capacity_form=form)
    return await _begin(request, capacity_experiment(requested))


@require_POST
def estimate(request: HttpRequest, kind: str) -> HttpResponse:
    """Return how long an experiment with the form's values takes; empty if a value is wrong."""
    project, scenario = laboratory().project, _scenario(request.POST.get("scenario"))
    if kind == Experiment.Kind.MATRIX:
        text = matrix_estimate(project, MatrixForm(project, scenario, request.POST).matrix())
    elif kind == Experiment.Kind.MIX:
        text = mix_estimate(project, MixForm(project, scenario, request.POST).mix())
    elif kind == Experiment.Kind.CAPACITY:
        text = capacity_estimate(CapacityForm(project, scenario, request.POST).capacity())
    else:
        text = sweep_estimate(project, SweepForm(project, scenario, request.POST).sweep())
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


async def _begin(request: HtmxRequest, plan: ExperimentPlan) -> HttpResponseBase:
    started = await laboratory().experiment(plan)
    address = reverse("experiment", args=[started.pk])
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address, status=303)


def _explore_page(
    request: HtmxRequest,
    scenario: Scenario,
    *,
    matrix_form: MatrixForm | None = None,
    sweep_form: SweepForm | None = None,
    mix_form: MixForm | None = None,
    capacity_form: CapacityForm | None = None,
) -> HttpResponse:
    """Return the page; with a refused form 422, and for HTMX that form alone, so that it stays."""
    earlier = Experiment.objects.filter(kind__in=KINDS)[:MAX_SHOWN]
    project = laboratory().project
    context = {
        **explore_context(project, scenario, matrix_form, sweep_form, capacity_form),
        "mix": mix_context(project, scenario, mix_form) if scenario.mix or mix_form else None,
        "experiments": [_view(experiment) for experiment in earlier],
        "queue": chips(),
    }
    forms = {
        "matrix": matrix_form,
        "sweep": sweep_form,
        "mix": mix_form,
        "capacity": capacity_form,
    }
    refused = next((name for name, form in forms.items() if form), "")
    fragment = refused and request.htmx
    template = f"explore/{refused}_form.html" if fragment else "explore/explore.html"
    return render(request, template, context, status=422 if refused else 200)


@require_safe
def experiment(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Show one experiment, live while it runs."""
    context = _context(request, _get(experiment_id))
    return render(request, "explore/experiment.html", {**context, "queue": chips()})


@require_safe
def answer(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Return the experiment as a fragment, for an open page."""
    return render(request, "explore/answer.html", _context(request, _get(experiment_id)))


@require_safe
def answer_json(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Download the answer as JSON."""
    experiment = _get(experiment_id)
    match experiment.kind:
        case Experiment.Kind.MATRIX:
            response = JsonResponse(matrix_answer(experiment))
        case Experiment.Kind.MIX:
            response = JsonResponse(mix_answer(experiment))
        case Experiment.Kind.CAPACITY:
            response = JsonResponse(capacity_answer(experiment).to_json())
        case _:
            response = JsonResponse(sweep_answer(experiment))
    return _file(response, experiment, "json")


@require_safe
def answer_csv(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Download the answer as CSV."""
    experiment = _get(experiment_id)
    match experiment.kind:
        case Experiment.Kind.MATRIX:
            rows = matrix_csv(matrix_answer(experiment))
        case Experiment.Kind.MIX:
            rows = mix_csv(mix_answer(experiment))
        case Experiment.Kind.CAPACITY:
            rows = capacity_csv(capacity_answer(experiment))
        case _:
            rows = sweep_csv(sweep_answer(experiment))
    return _file(HttpResponse(rows, content_type="text/csv"), experiment, "csv")


@require_POST
async def stop(request: HtmxRequest, experiment_id: str) -> HttpResponseBase:
    """Stop an experiment, or remove it from the queue; do nothing if it has ended."""
    experiment = await aget_object_or_404(Experiment, pk=experiment_id)
    if experiment.active:
        await laboratory().stop(experiment)
    if not request.htmx:
        return HttpResponseRedirect(experiment_address(experiment), status=303)
    return await sync_to_async(_queue)(request)


def _queue(request: HttpRequest) -> HttpResponse:
    return render(request, "shared/queue.html", {"queue": chips()})


def _file(response: HttpResponse, experiment: Experiment, kind: str) -> HttpResponse:
    name = f"{experiment.kind}-{experiment.pk}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _get(experiment_id: str) -> Experiment:
    return get_object_or_404(Experiment, pk=experiment_id, kind__in=KINDS)


def _context(request: HttpRequest, experiment: Experiment) -> TemplateContext:
    match experiment.kind:
        case Experiment.Kind.MATRIX:
            context = _matrix_context(request, experiment)
        case Experiment.Kind.MIX:
            context = _mix_context(experiment)
        case Experiment.Kind.CAPACITY:
            context = _capacity_context(experiment)
        case _:
            context = _sweep_context(experiment)
    return {**context, "query": request.GET.urlencode()}


def _mix_context(experiment: Experiment) -> TemplateContext:
    answer = mix_answer(experiment)
    return {
        "answer": answer,
        "experiment": _view(experiment, len(answer["runs"]), planned_runs(answer)),
        "heat": slowdown_tables(answer),
        "disturbed": disturbed_text(answer),
        "runs": list(_labels(experiment, answer)),
        "load": load_text(load_from_json(answer["load"])),
    }


def _labels(experiment: Experiment, answer: MixAnswer) -> Iterator[tuple[str, str, bool]]:
    """Yield id and label of the runs that can be shown, and whether they were disturbed."""
    labels = dict(experiment.runs.values_list("pk", "label"))
    yield from ((run, labels[run], run in answer["disturbed"]) for run in answer["runs"])


def _matrix_context(request: HttpRequest, experiment: Experiment) -> TemplateContext:
    answer = matrix_answer(experiment)
    rows, columns = request.GET.get("rows", ""), request.GET.get("columns", "")
    states = [cell["state"] for cell in answer["cells"] if cell["state"] != "refused"]
    done = len(states) - sum(state in ("waiting", "running") for state in states)
    return {
        "answer": answer,
        "experiment": _view(experiment, done, len(states)),
        "table": heat_table(answer, rows=rows, columns=columns),
        "load": load_text(load_from_json(answer["load"])),
    }


def _sweep_context(experiment: Experiment) -> TemplateContext:
    answer = sweep_answer(experiment)
    done = len(answer["levels"])
    return {
        "answer": answer,
        "experiment": _view(experiment, done, max(len(answer["planned"]), done)),
        "charts": charts(answer),
        "levels": level_rows(answer),
    }


def _capacity_context(experiment: Experiment) -> TemplateContext:
    """Return the context; how many rates will be fired is not known, only how many were."""
    answer = capacity_answer(experiment)
    return {
        "answer": answer,
        "experiment": _view(experiment, sum(len(each.tried) for each in answer.candidates)),
        "candidates": candidate_views(answer),
        "load": load_words(answer),
    }


def _view(experiment: Experiment, done: int = 0, planned: int = 0) -> ExperimentView:
    return ExperimentView(
        id=experiment.pk,
        kind=experiment.kind,
        title=experiment.title,
        status=experiment.status,
        state=state_word(experiment.status),
        active=experiment.active,
        state_line=STATE_LINES[Status(experiment.status)],
        ago=ago(experiment.created),
        done=done,
        planned=planned,
    )


def _scenario(name: str | None) -> Scenario:
    scenarios = laboratory().project.scenarios
    if name and name not in scenarios:
        raise Http404(f"Expected one of {', '.join(scenarios)}, experiment {name!r}.")
    return scenarios[name] if name else next(iter(scenarios.values()))
