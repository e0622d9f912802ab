"""The page of claims: a card each, with its code, one button, and this machine's verdict."""

from __future__ import annotations

import hashlib
from typing import Any

from asgiref.sync import sync_to_async
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.models import Run
from dashboard.project.labtoml.load import Project
from dashboard.runs.experiments import claims as known
from dashboard.runs.experiments.claim_progress import active, last_length_s
from dashboard.web.shared.format import roughly
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.web.shared.queue_chips import chips
from dashboard.wire.errors import InvalidPlan

from .cards import card_of, progress_view, tally_of

CHANGES_WATCHED = 200  # of the last runs: more of them never stand in line at once


@require_http_methods(["GET", "POST"])
async def claims(request: HtmxRequest) -> HttpResponse:
    """GET: every claim, and where it stands. POST: try them all, one after the other."""
    if request.method == "GET":
        return await sync_to_async(_page)(request)
    project = laboratory().project
    trying = known.fireable(project)
    if trying and not await sync_to_async(active)(project):  # a second press adds nothing
        await laboratory().experiment(known.claims_experiment(project, trying))
    return await _answer(request)


def _page(request: HtmxRequest) -> HttpResponse:
    return render(request, "claims/claims.html", {**_everything(), "line": chips()})


@require_GET
def progress(request: HtmxRequest) -> HttpResponse:
    """What runs now, as a fragment; and every standing, if any has changed since `?seen=`."""
    return _fragments(request, request.GET.get("seen", ""))


@require_POST
async def fire(request: HtmxRequest, name: str) -> HttpResponse:
    """Fire one claim."""
    project = laboratory().project
    try:
        claim = known.claim_of(project, name)
        plan = known.plan_of(project, claim)
    except InvalidPlan as error:
        raise Http404(str(error)) from None
    await laboratory().start(plan, claim=claim.name)
    return await _answer(request, claim.name)


@require_POST
async def sweep(request: HtmxRequest, name: str) -> HttpResponse:
    """Put the sweep that a claim names into the line, and go where it can be watched."""
    project = laboratory().project
    try:
        asked = known.sweep_of(project, known.claim_of(project, name))
    except InvalidPlan as error:
        raise Http404(str(error)) from None
    if asked is None:
        raise Http404(f"Expected a claim that names a sweep, found {name!r}.")
    started = await laboratory().experiment(asked.experiment_plan)
    return HttpResponseRedirect(reverse("experiment", args=[started.pk]), status=303)


@require_POST
async def stop(request: HtmxRequest) -> HttpResponse:
    """Stop every claim that runs or waits."""
    for member in await sync_to_async(active)(laboratory().project):
        await laboratory().stop(member)
    return await _answer(request)


async def _answer(request: HtmxRequest, name: str = "") -> HttpResponse:
    if not request.htmx:
        fragment = f"#claim-{name}" if name else ""
        return HttpResponseRedirect(reverse("claims") + fragment, status=303)
    return await sync_to_async(_fragments)(request)


def _fragments(request: HtmxRequest, seen: str = "") -> HttpResponse:
    now = _state(laboratory().project)
    if seen == now:
        return render(request, "claims/progress.html", _progress(now))
    return render(request, "claims/changed.html", _everything())


def _everything() -> dict[str, Any]:
    project = laboratory().project
    now = _state(project)  # before the statuses: what changes meanwhile is seen the next time
    cards = [card_of(project, standing) for standing in known.claim_statuses(project)]
    return {**_progress(now), "cards": cards, "tally": tally_of(cards), "project": project.name}


def _progress(now: str) -> dict[str, Any]:
    found = progress_view(laboratory().project)
    return {"seen": now, "progress": found, "took": "" if found else _took()}


def _took() -> str:
    """How long it took to try all of them the last time; empty where nobody did."""
    project = laboratory().project
    length_s = last_length_s(project, len(known.fireable(project)))
    return "" if length_s is None else roughly(length_s)


def _state(project: Project) -> str:
    """A word that changes whenever a run of a claim begins, moves on or ends."""
    runs = Run.objects.filter(project=project.name, deleted=None).exclude(claim="")
    states = list(runs.values_list("pk", "status")[:CHANGES_WATCHED])
    return hashlib.sha256(repr(states).encode()).hexdigest()[:12]
