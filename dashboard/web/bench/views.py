"""The bench over HTTP: pages, HTMX fragments, and stored frames."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice

from asgiref.sync import sync_to_async
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import aget_object_or_404, get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dashboard.analysis.samples.window import Stretch
from dashboard.models import Run
from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.runs.advice.testing import named_advice, plan_of_test
from dashboard.runs.engines.calibration import fresh_calibrations
from dashboard.runs.live.live_report import live_report_of
from dashboard.runs.queue import run_queue
from dashboard.runs.reports.results import frames_of
from dashboard.web.charts.views import stretch_of, whole_number
from dashboard.web.live.replay import replay_view, speed_of
from dashboard.web.run.advice_cards import advice_section
from dashboard.web.run.run_tools import tools_of
from dashboard.web.run.run_view import CalibrationView, RunView, calibration_view, view_of
from dashboard.web.shared.code import code_of
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.web.shared.queue_chips import chips
from dashboard.web.shared.streaming import streamed
from dashboard.web.shared.template_context import TemplateContext
from dashboard.web.shared.unreadable import cannot_be_shown, shows_run
from dashboard.web.where.views import where_context
from dashboard.wire import frame
from dashboard.wire.errors import InvalidPlan, LiveburstError
from dashboard.wire.plan.plan import Plan

from .fire_context import fire_context
from .forms import FireForm, form_data
from .ghosts import ghosts

FRAMES_PER_BATCH = 20


@require_safe
def bench(request: HtmxRequest) -> HttpResponse:
    """Show the empty bench: a question, and a button that answers it."""
    scenario = _scenario(request.GET.get("scenario"))
    return render(request, "bench/bench.html", _page(scenario))


@require_safe
@shows_run
def run(request: HtmxRequest, run_id: str) -> HttpResponse:
    """Show the bench with one run, live while it is active."""
    run = get_object_or_404(Run, pk=run_id)
    return render(request, "bench/bench.html", _page_of(run))


def _page_of(run: Run) -> TemplateContext:
    """Return the context of the page of a run."""
    return {**_form_of(run), **_queue(), **_stage_of(run), "run": _view(run)}


def _form_of(run: Run) -> TemplateContext:
    """Return the form with the values of a run, if the project still has its scenario."""
    project, plan = _project(), Plan.from_json(run.plan)
    scenario = project.scenarios.get(plan.scenario)
    if scenario is None:
        return {**_fire_context(_scenario(None), None), "folded": True}
    form = FireForm(project, scenario, form_data(plan))
    form.is_valid()
    return {**_fire_context(scenario, form, show_errors=False), "folded": True}


async def fire(request: HtmxRequest) -> HttpResponse:
    """Queue a run; return its stage as a fragment, or without HTMX redirect to its page."""
    project = _project()
    name = request.POST.get("scenario", "")
    scenario = project.scenarios.get(name)
    if scenario is None:
        message = f"Expected one of {', '.join(project.scenarios)}, found {name!r}."
        return await sync_to_async(_refuse)(request, _scenario(None), None, message)
    form = FireForm(project, scenario, request.POST)
    plan = form.plan()
    if plan is None:
        return await sync_to_async(_refuse)(request, scenario, form)
    started = await laboratory().start(plan, guess=form.guess())
    address = reverse("run", args=[started.pk])
    if not request.htmx:
        return HttpResponseRedirect(address, status=303)
    response = await sync_to_async(_stage)(
        request, started, refused_before=request.POST.get("complained")
    )
    response["HX-Push-Url"] = address
    return response


def _refuse(
    request: HtmxRequest, scenario: Scenario, form: FireForm | None, message: str = ""
) -> HttpResponse:
    """Return 422 with each message beside its field; nothing was started."""
    context = _page(scenario, form)
    if message:
        context["errors"]["scenario"] = [message]
    template = "bench/form.html" if request.htmx else "bench/bench.html"
    response = render(request, template, context, status=422)
    response["HX-Retarget"] = "#fire"
    response["HX-Reswap"] = "outerHTML"
    return response


@require_POST
@shows_run
async def fire_advice(request: HtmxRequest, run_id: str, number: str) -> HttpResponse:
    """Queue the run that tests a piece of advice, and send the browser to its page."""
    run = await aget_object_or_404(Run, pk=run_id, deleted=None)
    project = _project()
    try:
        tested = await sync_to_async(named_advice)(f"{run.pk}/{number}", project)
        plan = plan_of_test(Plan.from_json(run.plan), tested["advice"])
        project.check(plan)
    except InvalidPlan as error:
        problems = [str(problem) for problem in error.problems]
        return await sync_to_async(_refuse_advice)(request, run, problems)
    started = await laboratory().start(plan, tested_advice=tested)
    address = reverse("run", args=[started.pk])
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address, status=303)


def _refuse_advice(request: HtmxRequest, run: Run, problems: list[str]) -> HttpResponse:
    """Return 422 with why nothing was started, above the advice."""
    if request.htmx:
        context = {**_advice(run), "run": _view(run), "advice_problems": problems}
        return render(request, "run/try.html", context, status=422)
    context = {**_page_of(run), "advice_problems": problems}
    return render(request, "bench/bench.html", context, status=422)


@require_safe
def form(request: HtmxRequest) -> HttpResponse:
    """Return the form for another scenario or other values, with new estimates."""
    scenario = _scenario(request.GET.get("scenario"))
    typed = FireForm(_project(), scenario, request.GET)
    typed.is_valid()
    context = _fire_context(scenario, typed, show_errors=False)
    return render(request, "bench/form.html", context)


@require_POST
async def calibrate(request: HtmxRequest) -> HttpResponse:
    """Calibrate the load generator unless a run is active; return its line as a fragment."""
    try:
        calibration = await laboratory().calibrate()
        problem = "" if calibration else "The machine is busy: try again when no run is active."
    except (LiveburstError, OSError) as error:
        problem = str(error)
    if not request.htmx:
        return HttpResponseRedirect(reverse("bench"), status=303)
    return await sync_to_async(_instrument_fragment)(request, problem)


def _instrument_fragment(request: HtmxRequest, problem: str) -> HttpResponse:
    context = {"calibration": _calibration(), "problem": problem}
    return render(request, "bench/instrument.html", context)


@require_safe
@shows_run
def stage(request: HtmxRequest, run_id: str) -> HttpResponse:
    """Return one run as a fragment; with `replay`, a speed, as it looked at its start.

    With `unreadable`, which the websocket found out: that it cannot be shown.
    """
    if request.GET.get("unreadable"):
        get_object_or_404(Run.objects.only("pk"), pk=run_id)
        return cannot_be_shown(request, run_id)
    run = get_object_or_404(Run, pk=run_id)
    speed = speed_of(request.GET.get("replay", ""))
    view = replay_view(run, speed) if speed and not run.active else None
    return _stage(request, run, view)


@require_safe
@shows_run
def result(request: HtmxRequest, run_id: str) -> HttpResponse:
    """Return the sentence, the table and the tools of one run as a fragment."""
    run = get_object_or_404(Run, pk=run_id)
    context = {**tools_of(run), **_advice(run), "run": _view(run, stretch_of(request))}
    return render(request, "run/result_fragment.html", context)


@require_safe
@shows_run
def numbers(request: HttpRequest, run_id: str) -> HttpResponse:
    """Return the sentence and the table, so far or of the stretch `from` to `to` of each round."""
    run = get_object_or_404(Run, pk=run_id)
    context = {"run": _view(run, stretch_of(request))}
    return render(request, "run/numbers_fragment.html", context)


@require_safe
def queue(request: HtmxRequest) -> HttpResponse:
    """Return the queue as a fragment."""
    return _queue_fragment(request)


def _queue_fragment(request: HtmxRequest) -> HttpResponse:
    return render(request, "shared/queue.html", _queue())


@require_POST
async def stop(request: HtmxRequest, run_id: str) -> HttpResponse:
    """Stop a run, or remove it from the queue; do nothing if it has ended."""
    runs = Run.objects.only("status", "owner_pid", "owner_started")  # whatever else is damaged
    run = await aget_object_or_404(runs, pk=run_id)
    if run.active:
        await laboratory().stop(run)
    if not request.htmx:
        return HttpResponseRedirect(reverse("run", args=[run_id]), status=303)
    return await sync_to_async(_queue_fragment)(request)


@require_safe
@shows_run
async def frames(request: HtmxRequest, run_id: str) -> HttpResponseBase:
    """Stream the stored frames `from` to `to` - 1 in their envelopes."""
    await aget_object_or_404(Run, pk=run_id)
    begin = whole_number(request, "from", 0)
    end = whole_number(request, "to", 0) if "to" in request.GET else None

    async def envelopes() -> AsyncIterator[bytes]:
        stored = frames_of(run_id, begin, end)
        while batch := await sync_to_async(_next_envelopes)(stored):
            yield batch

    return streamed(request, envelopes(), content_type="application/octet-stream")


def _next_envelopes(stored: Iterator[tuple[int, bytes]]) -> bytes:
    """Return the next batch; empty at the end."""
    batch = islice(stored, FRAMES_PER_BATCH)
    return b"".join(frame.envelop(sequence, data) for sequence, data in batch)


def _project() -> Project:
    return laboratory().project


def _scenario(name: str | None) -> Scenario:
    """Return the scenario of that name, or the project's first."""
    scenarios = _project().scenarios
    return scenarios.get(name or "") or next(iter(scenarios.values()))


def _page(scenario: Scenario, form: FireForm | None = None) -> TemplateContext:
    context = _fire_context(scenario, form)
    lanes = [lane for lane in context["scenario"].lane_choices if lane.checked]
    code = code_of(_project(), scenario.name, [lane.label for lane in lanes])
    # The drawings are of one piece of work, written in two ways.
    drawn = [] if scenario.mix else ghosts(code)
    return {**context, **_queue(), "run": None, "ghosts": drawn}


def _fire_context(
    scenario: Scenario, form: FireForm | None, *, show_errors: bool = True
) -> TemplateContext:
    context = fire_context(_project(), scenario, form, show_errors=show_errors)
    return {**context, "calibration": _calibration()}


def _calibration() -> CalibrationView | None:
    calibration = fresh_calibrations().first()
    return calibration_view(calibration) if calibration else None


def _queue() -> TemplateContext:
    return {"queue": chips()}


def _view(run: Run, stretch: Stretch | None = None) -> RunView:
    if not run.active:
        return view_of(run, stretch=stretch)
    members = run_queue.queued()
    place = members.index(run) if run in members else None
    return view_of(run, place, live_report=live_report_of(run), stretch=stretch)


def _stage(
    request: HtmxRequest,
    run: Run,
    view: RunView | None = None,
    *,
    refused_before: str | None = None,
) -> HttpResponse:
    """Render the stage with the page's title, which HTMX takes for its own.

    If the form was refused before, also the form without its messages.
    """
    context = {**_stage_of(run), "run": view or _view(run)}
    if refused_before is not None:
        more_open = refused_before == "more"
        context |= {**_form_of(run), "more_open": more_open, "out_of_band": True}
    return render(request, "run/stage_fragment.html", context)


def _stage_of(run: Run) -> TemplateContext:
    """Return what the stage shows besides the run itself: tools, advice, lines, code."""
    code = code_of(_project(), run.plan["scenario"], run.plan["lanes"])
    return {**tools_of(run), **_advice(run), **where_context(run), "code": code}


def _advice(run: Run) -> TemplateContext:
    return {"advice": advice_section(run, _project())}
