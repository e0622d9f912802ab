"""The page Runs, and the actions on stored runs: name, pin, delete, export."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from asgiref.sync import sync_to_async
from django.core.paginator import Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dashboard.models import Experiment, Run, Status
from dashboard.runs.archive import deletion, stored_runs
from dashboard.web.run.run_tools import formats, tools_of
from dashboard.web.run.run_view import state_word
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.web.shared.queue_chips import chips
from dashboard.web.shared.streaming import streamed
from dashboard.web.shared.unreadable import shows_run
from dashboard.wire.errors import Invalid, InvalidPlan
from dashboard.wire.plan.plan import Plan

from .deletion_views import deletion_views
from .listing import Listing
from .run_rows import Choice

ENTRIES_PER_PAGE = 50


def history(
    request: HttpRequest, problems: Sequence[str] = (), choice: Choice | None = None
) -> HttpResponse:
    """List the stored runs that match the search, page by page, those of experiments folded."""
    listing = Listing(request)
    page = Paginator(listing.entries, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "search": listing.search,
        "page": page,
        "rows": listing.rows(list(page.object_list), choice or Choice()),
        "states": [(status, state_word(status)) for status in Status.values],
        "scenarios": stored_runs.scenarios(),
        "deletions": deletion_views(),
        "problems": problems,
        "queue": chips(),
    }
    return render(request, "history/runs.html", context, status=422 if problems else 200)


@require_safe
def experiment_runs(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Return an experiment as the list shows it, folded or not; without HTMX the whole list."""
    get_object_or_404(Experiment.objects.only("pk"), pk=experiment_id)
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(f"{reverse('runs')}?{request.GET.urlencode()}")
    return HttpResponse(Listing(request).experiment(experiment_id))


@require_POST
@shows_run
def describe(request: HttpRequest, run_id: str) -> HttpResponse:
    """Store the name and notes of a run."""
    run = get_object_or_404(Run, pk=run_id)
    try:
        stored_runs.describe(run, request.POST.get("name", ""), request.POST.get("notes", ""))
    except Invalid as error:
        return _tools(request, run, [str(problem) for problem in error.problems])
    return _tools(request, run)


@require_POST
@shows_run
def pin(request: HttpRequest, run_id: str) -> HttpResponse:
    """Make a run the baseline for others of its scenario, or undo that."""
    run = get_object_or_404(Run, pk=run_id)
    stored_runs.pin(run, request.POST.get("pinned") == "yes")
    return _tools(request, run)


def _tools(request: HttpRequest, run: Run, problems: list[str] | None = None) -> HttpResponse:
    """Return the run's tools and its name in the heading; without HTMX redirect to its page."""
    if not request.headers.get("HX-Request") and not problems:
        return HttpResponseRedirect(reverse("run", args=[run.pk]), status=303)
    context = {**tools_of(run), "problems": problems or []}
    if problems:
        return render(request, "run/tools.html", context, status=422)
    return render(request, "history/changed_tools.html", context)


@require_POST
def delete(request: HttpRequest, run_id: str) -> HttpResponse:
    """Delete a run, whatever else its row contains; the page Runs offers to undo it."""
    run = get_object_or_404(Run.objects.only("status"), pk=run_id)
    try:
        deletion.delete(run)
    except Invalid as error:
        return history(request, [str(problem) for problem in error.problems])
    return HttpResponseRedirect(reverse("runs"), status=303)


@require_POST
def delete_experiment(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Delete the runs of an experiment, except for pinned ones; the page Runs offers to undo it."""
    stored = Experiment.objects.only("status")
    try:
        deletion.delete_experiment(get_object_or_404(stored, pk=experiment_id))
    except Invalid as error:
        return history(request, [str(problem) for problem in error.problems])
    return HttpResponseRedirect(reverse("runs"), status=303)


@require_POST
def restore(request: HttpRequest, run_id: str) -> HttpResponse:
    """Undo a deletion, of a run or of several runs of an experiment."""
    deletion.restore(get_object_or_404(Run.objects.only("pk"), pk=run_id).pk)
    return HttpResponseRedirect(reverse("runs"), status=303)


@require_POST
@shows_run
async def again(request: HttpRequest, run_id: str) -> HttpResponse:
    """Start a new run of the stored plan with the stored seed."""
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


@require_safe
@shows_run
async def export(request: HttpRequest, run_id: str, name: str) -> HttpResponseBase:
    """Stream a run as a file; it may be larger than memory."""
    run = await Run.objects.filter(pk=run_id).afirst()
    form = formats().get(name)
    if run is None or form is None or not await sync_to_async(form.has_content)(run):
        raise Http404
    disposition = f'attachment; filename="{form.file_name(run)}"'
    return streamed(
        request,
        _pieces(form.pieces(run)),
        content_type=form.media_type,
        headers={"Content-Disposition": disposition},
    )


async def _pieces(pieces: Iterator[str]) -> AsyncIterator[str]:
    """Yield pieces one by one from the database's thread.

    Django would make a list of a sync iterator first.
    """
    next_piece = sync_to_async(lambda: next(pieces, None))
    while (piece := await next_piece()) is not None:
        yield piece
