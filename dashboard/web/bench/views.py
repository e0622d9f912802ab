"""What the browser asks for over HTTP: pages, HTMX fragments, and stored frames."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any

from asgiref.sync import sync_to_async
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import aget_object_or_404, get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.analysis.samples.window import Stretch
from dashboard.models import Run
from dashboard.project.labtoml.load import Project, Scenario
from dashboard.runs.engines.calibration import fresh_calibrations
from dashboard.runs.live.live_report import live_report_of
from dashboard.runs.queue import run_queue as waiting_line
from dashboard.runs.reports.results import frames_of
from dashboard.web.charts.views import stretch_of, whole
from dashboard.web.live.replay import as_it_began, speed_of
from dashboard.web.run.run_json import empty_data
from dashboard.web.run.run_tools import tools_of
from dashboard.web.run.run_view import CalibrationView, RunView, calibration_view, view_of
from dashboard.web.shared.code import code_of
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.web.shared.queue_chips import chips
from dashboard.wire import frame
from dashboard.wire.errors import LiveburstError
from dashboard.wire.plan import Plan

from .fire_context import fire_context
from .forms import FireForm, typed_as

FRAMES_AT_A_TIME = 20


@require_GET
def bench(request: HtmxRequest) -> HttpResponse:
    """The empty bench: a question, and one button that answers it."""
    scenario = _scenario(request.GET.get("scenario"))
    return render(request, "bench/bench.html", _page(scenario))


@require_GET
def run(request: HtmxRequest, run_id: str) -> HttpResponse:
    """The bench with one run on it, live if it still runs."""
    found = get_object_or_404(Run, pk=run_id)
    shown = {**tools_of(found), **_code(found), "run": _view(found)}
    page = {**_fire_again(found), **_line(), **shown}
    return render(request, "bench/bench.html", page)


def _fire_again(found: Run) -> dict[str, Any]:
    """The form as this run was fired, if the project still has its scenario."""
    project, plan = _project(), Plan.from_json(found.plan)
    scenario = project.scenarios.get(plan.scenario)
    if scenario is None:
        return _fire_context(_scenario(None), None)
    form = FireForm(project, scenario, typed_as(plan))
    form.is_valid()
    return _fire_context(scenario, form, complain=False)


async def fire(request: HtmxRequest) -> HttpResponse:
    """Put a run into the line: its stage as a fragment, or without HTMX its page."""
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
        request, started, complained=request.POST.get("complained")
    )
    response["HX-Push-Url"] = address
    return response


def _refuse(
    request: HtmxRequest, scenario: Scenario, form: FireForm | None, message: str = ""
) -> HttpResponse:
    """422 with each message beside its field; nothing was started."""
    context = _page(scenario, form)
    if message:
        context["errors"]["scenario"] = [message]
    template = "bench/form.html" if request.htmx else "bench/bench.html"
    response = render(request, template, context, status=422)
    response["HX-Retarget"] = "#fire"
    response["HX-Reswap"] = "outerHTML"
    return response


@require_GET
def form(request: HtmxRequest) -> HttpResponse:
    """What to fire, for another scenario or other values: estimates follow what is typed."""
    scenario = _scenario(request.GET.get("scenario"))
    typed = FireForm(_project(), scenario, request.GET)
    typed.is_valid()
    context = _fire_context(scenario, typed, complain=False)
    return render(request, "bench/form.html", context)


@require_POST
async def calibrate(request: HtmxRequest) -> HttpResponse:
    """Measure the engine itself anew, unless somebody runs: the instrument's line as a fragment."""
    try:
        found = await laboratory().calibrate()
        problem = "" if found else "The machine is busy: try again when nothing runs."
    except (LiveburstError, OSError) as error:
        problem = str(error)
    if not request.htmx:
        return HttpResponseRedirect(reverse("bench"), status=303)
    return await sync_to_async(_instrument_fragment)(request, problem)


def _instrument_fragment(request: HtmxRequest, problem: str) -> HttpResponse:
    context = {"calibration": _calibration(), "problem": problem}
    return render(request, "bench/instrument.html", context)


@require_GET
def stage(request: HtmxRequest, run_id: str) -> HttpResponse:
    """Everything of one run, as a fragment; with `replay`, its speed, as it began."""
    found = get_object_or_404(Run, pk=run_id)
    speed = speed_of(request.GET.get("replay", ""))
    begun = as_it_began(found, speed) if speed and not found.active else None
    return _stage(request, found, begun)


@require_GET
def result(request: HtmxRequest, run_id: str) -> HttpResponse:
    """The sentence, the table and the tools of one run, as a fragment."""
    found = get_object_or_404(Run, pk=run_id)
    context = {**tools_of(found), "run": _view(found, stretch_of(request))}
    return render(request, "run/result.html", context)


@require_GET
def numbers(request: HttpRequest, run_id: str) -> HttpResponse:
    """The sentence and the table alone: so far, or of the stretch `from` … `to` of each round."""
    found = get_object_or_404(Run, pk=run_id)
    context = {"run": _view(found, stretch_of(request))}
    return render(request, "run/numbers.html", context)


@require_GET
def line(request: HtmxRequest) -> HttpResponse:
    """Who runs and who waits, as a fragment."""
    return _line_fragment(request)


def _line_fragment(request: HtmxRequest) -> HttpResponse:
    return render(request, "shared/queue.html", _line())


@require_POST
async def stop(request: HtmxRequest, run_id: str) -> HttpResponse:
    """Stop a run, or take it out of the line; harmless when it is over."""
    found = await aget_object_or_404(Run, pk=run_id)
    if found.active:
        await laboratory().stop(found)
    if not request.htmx:
        return HttpResponseRedirect(reverse("run", args=[run_id]), status=303)
    return await sync_to_async(_line_fragment)(request)


@require_GET
async def frames(request: HtmxRequest, run_id: str) -> HttpResponseBase:
    """Stored frames `from` … `to` - 1 in their envelopes, one after another."""
    await aget_object_or_404(Run, pk=run_id)
    begin = whole(request, "from", 0)
    end = whole(request, "to", 0) if "to" in request.GET else None

    async def envelopes() -> AsyncIterator[bytes]:
        stored = frames_of(run_id, begin, end)
        while batch := await sync_to_async(_envelop_some)(stored):
            yield batch

    return StreamingHttpResponse(envelopes(), content_type="application/octet-stream")


def _envelop_some(stored: Iterator[tuple[int, bytes]]) -> bytes:
    """The next few of them; empty once there are no more."""
    some = islice(stored, FRAMES_AT_A_TIME)
    return b"".join(frame.envelop(sequence, data) for sequence, data in some)


def _project() -> Project:
    return laboratory().project


def _scenario(name: str | None) -> Scenario:
    """The scenario of that name, or the project's first."""
    scenarios = _project().scenarios
    return scenarios.get(name or "") or next(iter(scenarios.values()))


def _page(scenario: Scenario, form: FireForm | None = None) -> dict[str, Any]:
    context = _fire_context(scenario, form)
    chosen = [lane for lane in context["scenario"].lane_choices if lane.checked]
    empty = empty_data([(lane.label, lane.family) for lane in chosen])
    code = code_of(_project(), scenario.name, [lane.label for lane in chosen])
    return {**context, **_line(), "run": None, "empty_data": empty, "code": code}


def _fire_context(
    scenario: Scenario, form: FireForm | None, *, complain: bool = True
) -> dict[str, Any]:
    fire = fire_context(_project(), scenario, form, complain=complain)
    return {**fire, "calibration": _calibration()}


def _calibration() -> CalibrationView | None:
    found = fresh_calibrations().first()
    return calibration_view(found) if found else None


def _line() -> dict[str, Any]:
    return {"line": chips()}


def _view(found: Run, stretch: Stretch | None = None) -> RunView:
    if not found.active:
        return view_of(found, stretch=stretch)
    line = waiting_line.queued()
    place = line.index(found) if found in line else None
    return view_of(found, place, so_far=live_report_of(found), stretch=stretch)


def _stage(
    request: HtmxRequest, found: Run, view: RunView | None = None, *, complained: str | None = None
) -> HttpResponse:
    """With the form, too, where it complained before: what was wrong is not wrong any more."""
    shown = {**tools_of(found), **_code(found), "run": view or _view(found)}
    if complained is not None:
        shown |= {**_fire_again(found), "more_open": complained == "more", "out_of_band": True}
    return render(request, "run/stage.html", shown)


def _code(found: Run) -> dict[str, Any]:
    return {"code": code_of(_project(), found.plan["scenario"], found.plan["lanes"])}
