"""The page Runs, and what can be done with a stored run: name, pin, delete, export, take in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.paginator import Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.models import Run, Status
from dashboard.runs.archive import kept_runs
from dashboard.runs.archive.exports.run_json import MOST_BYTES, InvalidImport, import_run
from dashboard.web.run.run_tools import formats, tools_of
from dashboard.web.run.run_view import view_of
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.web.shared.queue_chips import chips
from dashboard.wire.errors import Invalid, InvalidPlan
from dashboard.wire.plan import Plan

RUNS_A_PAGE = 50


def history(request: HttpRequest, problems: list[str] | None = None) -> HttpResponse:
    """The runs that are kept, as they were searched for, page by page."""
    asked = {key: request.GET.get(key, "").strip() for key in ("q", "status", "scenario")}
    found = kept_runs.find(asked["q"], asked["status"], asked["scenario"])
    page = Paginator(found.prefetch_related("lanes"), RUNS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "asked": asked,
        "page": page,
        "runs": [view_of(run) for run in page.object_list],
        "statuses": Status.values,
        "scenarios": kept_runs.scenarios(),
        "deleted": Run.objects.exclude(deleted=None).order_by("-deleted")[:5],
        "problems": problems or [],
        "line": chips(),
    }
    return render(request, "history/runs.html", context, status=422 if problems else 200)


@require_POST
def describe(request: HttpRequest, run_id: str) -> HttpResponse:
    """Name and notes of a run."""
    run = get_object_or_404(Run, pk=run_id)
    try:
        kept_runs.describe(run, request.POST.get("name", ""), request.POST.get("notes", ""))
    except Invalid as error:
        return _tools(request, run, [str(problem) for problem in error.problems])
    return _tools(request, run)


@require_POST
def pin(request: HttpRequest, run_id: str) -> HttpResponse:
    """Make it the run that others of its scenario are held against, or no longer."""
    run = get_object_or_404(Run, pk=run_id)
    kept_runs.pin(run, request.POST.get("pinned") == "yes")
    return _tools(request, run)


def _tools(request: HttpRequest, run: Run, problems: list[str] | None = None) -> HttpResponse:
    """The run's tools again; without HTMX its page."""
    if not request.headers.get("HX-Request") and not problems:
        return HttpResponseRedirect(reverse("run", args=[run.pk]), status=303)
    context = {**tools_of(run), "problems": problems or []}
    status = 422 if problems else 200
    return render(request, "run/tools.html", context, status=status)


@require_POST
def delete(request: HttpRequest, run_id: str) -> HttpResponse:
    """Put a run away; the page Runs offers to undo it."""
    run = get_object_or_404(Run, pk=run_id)
    try:
        kept_runs.delete(run)
    except Invalid as error:
        return history(request, [str(problem) for problem in error.problems])
    return HttpResponseRedirect(reverse("runs"), status=303)


@require_POST
def restore(request: HttpRequest, run_id: str) -> HttpResponse:
    """Undo a deletion."""
    kept_runs.restore(get_object_or_404(Run, pk=run_id))
    return HttpResponseRedirect(reverse("runs"), status=303)


@require_POST
async def again(request: HttpRequest, run_id: str) -> HttpResponse:
    """Fire the stored plan with the stored seed once more; a run of its own comes of it."""
    run = await Run.objects.filter(pk=run_id).afirst()
    if run is None:
        raise Http404
    plan = Plan.from_json(run.plan)
    try:
        laboratory().project.check(plan)
    except InvalidPlan as error:
        problems = [str(problem) for problem in error.problems]
        return await sync_to_async(history)(request, problems)
    started = await laboratory().start(plan)
    return HttpResponseRedirect(reverse("run", args=[started.pk]), status=303)


@require_GET
async def export(request: HttpRequest, run_id: str, name: str) -> HttpResponseBase:
    """A run as a file, sent while it is read: it may be larger than memory."""
    run = await Run.objects.filter(pk=run_id).afirst()
    form = formats().get(name)
    if run is None or form is None:
        raise Http404
    disposition = f'attachment; filename="{form.file_name(run)}"'
    return StreamingHttpResponse(
        _in_turn(form.pieces(run)),
        content_type=form.media_type,
        headers={"Content-Disposition": disposition},
    )


async def _in_turn(pieces: Iterator[str]) -> AsyncIterator[str]:
    """Each piece from the database's thread; handed over as a list they would all be made first."""
    next_piece = sync_to_async(lambda: next(pieces, None))
    while (piece := await next_piece()) is not None:
        yield piece


@require_POST
def take_in(request: HttpRequest) -> HttpResponse:
    """A run that another Liveburst exported."""
    file = request.FILES.get("file")
    if file is None or file.size is None or file.size > MOST_BYTES:
        limit = f"{MOST_BYTES // 2**20} MB"
        return history(request, [f"file: expected an exported run of at most {limit}"])
    try:
        run = import_run(file.read())
    except InvalidImport as error:
        return history(request, [str(problem) for problem in error.problems])
    return HttpResponseRedirect(reverse("run", args=[run.pk]), status=303)
