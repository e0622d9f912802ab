"""The page that traces one request of a lane inside Django, and lays a second one beside it."""

from __future__ import annotations

from collections.abc import Mapping
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
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.analysis.xray.chrome import chrome_trace
from dashboard.runs.xray.pair import XrayPair
from dashboard.web.shared.form_values import PARAMETER, lane_names, parameter_label
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.wire.plan.fields import DEFAULT_TIMEOUT_S

from .forms import XrayForm, form_for, form_of
from .jobs import BUSY, XrayJob, xray_store
from .shown import shown_pair, shown_single


@require_http_methods(["GET", "HEAD", "POST"])
async def xray(request: HtmxRequest) -> HttpResponseBase:
    """GET: the form. POST: start tracing a request, which takes a few seconds."""
    if request.method == "POST":
        return await _start(request)
    return await sync_to_async(_page)(request, form_of(request.GET))


async def _start(request: HtmxRequest) -> HttpResponseBase:
    """Start an X-ray of what the form names, or the address, as that of a lane's button does."""
    data = request.POST if "lane" in request.POST else request.GET
    form = form_of(data)
    subject = form.subject()
    if (name := data.get("scenario", "")) != form.scenario.name:
        expected = ", ".join(form.project.unmixed)
        form.add_error(None, f"Expected a scenario, one of {expected}, found {name!r}.")
        subject = None
    if subject is None:
        return await sync_to_async(_page)(request, form, status=422)
    return HttpResponseRedirect(_address(xray_store.start(subject)), status=303)


@require_POST
async def beside(request: HtmxRequest, number: str) -> HttpResponseBase:
    """Start an X-ray of the same request at another lane, to be laid beside this one."""
    first = xray_store.get(number)
    if first.result is None:
        raise Http404("This request has not been traced.")
    form = form_for(first.subject, lane=request.POST.get("lane", ""))
    subject = form.subject()
    if subject is not None and subject.lane == first.subject.lane:
        form.add_error("lane", f"expected another lane than {subject.lane}")
        subject = None
    if subject is None:
        problems = [message for messages in form.errors.values() for message in messages]
        more = {"beside_lane": form.data["lane"], "beside_errors": problems}
        return await sync_to_async(_result_page)(request, number, first, more=more, status=422)
    return HttpResponseRedirect(_address(xray_store.start(subject, first=number)), status=303)


@require_safe
def result(request: HtmxRequest, number: str) -> HttpResponse:
    """Show one X-ray or two: the progress, and then threads, counts, one sentence, or a problem."""
    job = xray_store.get(number)
    if request.htmx:
        if job.ended:
            return HttpResponse(headers={"HX-Redirect": _address(number)})
        return render(request, "xray/progress.html", {"number": number, "job": job})
    form = form_for(job.subject)
    first = {"first": job.first} if xray_store.first_of(job) else {}
    if not job.ended:
        return _page(request, form, more={"number": number, "job": job, **first})
    if job.busy:
        form.is_valid()
        form.add_error(None, BUSY)
        return _page(request, form, status=409, more=first)
    if job.problem:
        return _page(request, form, more={"failure": job.problem, **first}, status=502)
    return _result_page(request, number, job)


def _result_page(
    request: HtmxRequest,
    number: str,
    job: XrayJob,
    *,
    more: Mapping[str, Any] = {},
    status: int = 200,
) -> HttpResponse:
    """Return the page of a finished X-ray, with the one that it is laid beside."""
    if job.result is None:
        raise Http404
    to_scale = "to-scale" in request.GET
    first = xray_store.first_of(job)
    if first is None:
        shown = shown_single(number, job.result, to_scale=to_scale)
        shown["is_alone"] = bool(job.first)
    else:
        numbers = job.first, number
        shown = shown_pair(numbers, XrayPair(first, job.result, job.again), to_scale=to_scale)
        shown["first"] = job.first
    form = form_for(job.subject)
    return _page(request, form, more={"number": number, **shown, **more}, status=status)


@require_safe
def trace(request: HttpRequest, number: str) -> HttpResponse:
    """Download the trace for Perfetto."""
    stored = xray_store.get(number).result
    if stored is None:
        raise Http404("This request has not been traced.")
    title = f"{stored.subject.lane} {stored.subject.request}"
    response = JsonResponse(chrome_trace(stored.xray, title))
    response["Content-Disposition"] = f'attachment; filename="xray-{number}.json"'
    return response


def _address(number: str) -> str:
    return reverse("xray-result", args=[number])


def _page(
    request: HttpRequest, form: XrayForm, *, status: int = 200, more: Mapping[str, Any] = {}
) -> HttpResponse:
    """Return the page with the form; its errors are shown if `status` is that of one."""
    scenario, typed, bad = form.scenario, form.data, status == 422
    context = {
        "project": form.project.name,
        "scenarios": list(form.project.unmixed.values()),
        "scenario": scenario,
        "lanes": lane_names(form.project, scenario),
        "lane": typed.get("lane") or str(scenario.lanes[0]),
        "lane_errors": form.errors.get("lane", []) if bad else [],
        "timeout": typed.get("timeout") or f"{DEFAULT_TIMEOUT_S:g}",
        "timeout_errors": form.errors.get("timeout", []) if bad else [],
        "errors": form.non_field_errors() if status >= 400 else [],
        "parameters": [
            {
                "parameter": parameter,
                "name": PARAMETER + parameter.name,
                "label": parameter_label(parameter.name),
                "value": typed.get(PARAMETER + parameter.name) or f"{parameter.default:g}",
                "errors": form.errors.get(PARAMETER + parameter.name, []) if bad else [],
            }
            for parameter in scenario.parameters.values()
        ],
        **more,
    }
    return render(request, "xray/xray.html", context, status=status)
