"""The tab *Where* over HTTP: a fragment of the run's page, and a page of its own."""

from __future__ import annotations

from collections.abc import Sequence

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import aget_object_or_404, get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.models import Run, Sampling
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.web.shared.queue_chips import chips
from dashboard.web.shared.template_context import TemplateContext
from dashboard.web.shared.unreadable import shows_run
from dashboard.wire.errors import LiveburstError

from .jobs import where_jobs
from .where_view import where_view

UNKNOWN_LANE = "Choose a lane of this run that has not been sampled."


@require_http_methods(["GET", "HEAD", "POST"])
@shows_run
async def where(request: HtmxRequest, run_id: str) -> HttpResponseBase:
    """GET: where the lanes spent their time. POST: fire at lanes once more, sampled."""
    run = await sync_to_async(_run)(run_id)
    if request.method != "POST":
        return await sync_to_async(_shown)(request, run)
    names = await sync_to_async(_chosen)(request, run)
    if not names:
        return await sync_to_async(_shown)(request, run, problem=UNKNOWN_LANE, status=422)
    try:
        await where_jobs.start(run, names)
    except LiveburstError as error:
        return await sync_to_async(_shown)(request, run, problem=str(error), status=422)
    if request.htmx:
        return await sync_to_async(_shown)(request, run)
    return HttpResponseRedirect(reverse("where", args=[run_id]), status=303)


@require_POST
async def stop(request: HtmxRequest, sampling_id: str) -> HttpResponse:
    """Stop a sampling, or remove it from the queue; show its run's tab, else the queue."""
    entry = await aget_object_or_404(Sampling, pk=sampling_id)
    await where_jobs.stop(entry)
    if not request.htmx:
        address = reverse("where", args=[entry.run_id]) if entry.run_id else reverse("bench")
        return HttpResponseRedirect(address, status=303)
    if "tab" in request.POST and entry.run_id:
        run = await sync_to_async(_run)(entry.run_id)
        return await sync_to_async(_shown)(request, run, takes_focus=True)
    queue = {"queue": await sync_to_async(chips)()}
    return await sync_to_async(render)(request, "shared/queue.html", queue)


def _run(run_id: str) -> Run:
    return get_object_or_404(Run.objects.prefetch_related("lanes__samples"), pk=run_id)


def _chosen(request: HttpRequest, run: Run) -> list[str]:
    """Return the names of the lanes to sample: those of the form, or all that can be."""
    possible = [choice for choice in where_view(run).choices if choice.can_be]
    chosen = request.POST.getlist("lane")
    return [lane.name for lane in possible if not chosen or str(lane.position) in chosen]


def _shown(
    request: HtmxRequest,
    run: Run,
    *,
    problem: str = "",
    status: int = 200,
    takes_focus: bool = False,
) -> HttpResponse:
    """Return the tab, or the page. `takes_focus`: what replaces a pressed button has the focus."""
    letters = (request.GET.get("first", ""), request.GET.get("second", ""))
    context = {**where_context(run, letters), "where_problem": problem}
    if request.htmx and "step" in request.GET:
        return _step(request, context)
    if request.htmx:
        context["where_takes_focus"] = takes_focus
        return render(request, "where/where.html", context, status=status)
    more = {"run_id": run.pk, "title": run.name or run.title, "queue": chips()}
    return render(request, "where/page.html", {**context, **more}, status=status)


def _step(request: HtmxRequest, context: TemplateContext) -> HttpResponse:
    """Return what an active job does now; once it has ended, the tab in place of its progress."""
    job = context["where_job"]
    if job is not None and job.active:
        return render(request, "where/step.html", context)
    response = render(request, "where/where.html", context)
    response["HX-Retarget"] = "#where"
    response["HX-Reswap"] = "innerHTML"
    return response


def where_context(run: Run, letters: Sequence[str] = ()) -> TemplateContext:
    """Return what the templates of the tab need; `letters` are two lanes to lay side by side."""
    return {
        "where": where_view(run, letters),
        "where_job": where_jobs.of(run.pk),
        "may_sample": where_jobs.can_sample,
    }
