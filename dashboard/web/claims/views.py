"""The claims page: a card per claim with its code, a button, and the verdict on this machine."""

from __future__ import annotations

import hashlib

from asgiref.sync import sync_to_async
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.models import Run
from dashboard.project.project import Project
from dashboard.runs.experiments import claims as experiment_claims
from dashboard.runs.experiments.claim_progress import active, last_length_s
from dashboard.runs.experiments.claim_status import claim_statuses, untried_first
from dashboard.web.shared.format import format_estimate
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.web.shared.queue_chips import chips
from dashboard.web.shared.template_context import TemplateContext
from dashboard.wire.errors import InvalidPlan

from .cards import card_of, progress_view, tally_of

RUNS_WATCHED = 200  # the last runs of claims: more are never queued at once


@require_http_methods(["GET", "HEAD", "POST"])
async def claims(request: HtmxRequest) -> HttpResponse:
    """GET: all claims with their verdicts. POST: try all of them in turn, untried ones first."""
    if request.method != "POST":
        return await sync_to_async(_page)(request)
    project = laboratory().project
    claims_to_try = await sync_to_async(untried_first)(project)
    if claims_to_try and not await sync_to_async(active)(project):  # a second press adds nothing
        await laboratory().experiment(experiment_claims.claims_experiment(project, claims_to_try))
    return await _answer(request)


def _page(request: HtmxRequest) -> HttpResponse:
    return render(request, "claims/claims.html", {**_everything(), "queue": chips()})


@require_safe
def progress(request: HtmxRequest) -> HttpResponse:
    """Return the progress as a fragment, with all verdicts if any changed since `?seen=`."""
    return _fragments(request, request.GET.get("seen", ""))


@require_POST
async def fire(request: HtmxRequest, name: str) -> HttpResponse:
    """Try one claim."""
    project = laboratory().project
    try:
        claim = experiment_claims.claim_of(project, name)
        plan = experiment_claims.plan_of(project, claim)
    except InvalidPlan as error:
        raise Http404(str(error)) from None
    await laboratory().start(plan, claim=claim.name)
    return await _answer(request, claim.name)


@require_POST
async def sweep(request: HtmxRequest, name: str) -> HttpResponse:
    """Queue the sweep that a claim names, and redirect to its page."""
    project = laboratory().project
    try:
        claim_sweep = experiment_claims.sweep_of(project, experiment_claims.claim_of(project, name))
    except InvalidPlan as error:
        raise Http404(str(error)) from None
    if claim_sweep is None:
        raise Http404(f"Expected a claim that names a sweep, found {name!r}.")
    started = await laboratory().experiment(claim_sweep.experiment_plan)
    return HttpResponseRedirect(reverse("experiment", args=[started.pk]), status=303)


@require_POST
async def stop(request: HtmxRequest) -> HttpResponse:
    """Stop every active claim."""
    for member in await sync_to_async(active)(laboratory().project):
        await laboratory().stop(member)
    return await _answer(request)


async def _answer(request: HtmxRequest, name: str = "") -> HttpResponse:
    if not request.htmx:
        fragment = f"#claim-{name}" if name else ""
        return HttpResponseRedirect(reverse("claims") + fragment, status=303)
    return await sync_to_async(_fragments)(request)


def _fragments(request: HtmxRequest, shown_state: str = "") -> HttpResponse:
    now = _state(laboratory().project)
    if shown_state == now:
        return render(request, "claims/progress.html", _progress(now))
    return render(request, "claims/changed.html", _everything())


def _everything() -> TemplateContext:
    project = laboratory().project
    now = _state(project)  # before the verdicts, so that the next request sees later changes
    cards = [card_of(project, status) for status in claim_statuses(project)]
    return {**_progress(now), "cards": cards, "tally": tally_of(cards), "project": project.name}


def _progress(now: str) -> TemplateContext:
    view = progress_view(laboratory().project)
    return {"seen": now, "progress": view, "took": "" if view else _last_duration()}


def _last_duration() -> str:
    """Return how long trying all of them took last time; empty if that never happened."""
    project = laboratory().project
    length_s = last_length_s(project, len(experiment_claims.fireable(project)))
    return "" if length_s is None else format_estimate(length_s)


def _state(project: Project) -> str:
    """Return a hash that changes whenever the run of a claim starts, proceeds or ends."""
    runs = Run.objects.filter(project=project.name, deleted=None).exclude(claim="")
    states = list(runs.values_list("pk", "status")[:RUNS_WATCHED])
    return hashlib.sha256(repr(states).encode()).hexdigest()[:12]
