"""The page that traces one request of a lane inside Django."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django import forms
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.analysis.xray.chrome import chrome_trace
from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.runs.xray.traced_request import XraySubject, make_subject
from dashboard.web.shared.form_values import PARAMETER, lane_names, parameter_label
from dashboard.web.shared.format import format_ms
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.fields import DEFAULT_TIMEOUT_S

from .jobs import BUSY, XrayJob, xray_store
from .picture import picture


class XrayForm(forms.Form):
    """The request to trace; the project validates it."""

    lane = forms.CharField(max_length=200)
    timeout = forms.FloatField(required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None) -> None:
        super().__init__(data)
        self.project = project
        self.scenario = scenario
        for name in scenario.parameters:
            self.fields[PARAMETER + name] = forms.FloatField(required=False)

    def subject(self) -> XraySubject | None:
        """Return the subject, or None if a field is wrong; the form has the errors then."""
        if not self.is_valid():
            return None
        given = {name: self.cleaned_data[PARAMETER + name] for name in self.scenario.parameters}
        timeout_s = self.cleaned_data["timeout"]
        try:
            return make_subject(
                self.project,
                scenario=self.scenario.name,
                lane=self.cleaned_data["lane"],
                parameters={name: value for name, value in given.items() if value is not None},
                timeout_s=DEFAULT_TIMEOUT_S if timeout_s is None else timeout_s,
            )
        except InvalidPlan as error:
            for problem in error.problems:
                name = problem.field.replace("parameters.", PARAMETER).replace("lanes", "lane")
                self.add_error(name if name in self.fields else None, problem.message)
            return None


@require_http_methods(["GET", "HEAD", "POST"])
async def xray(request: HtmxRequest) -> HttpResponseBase:
    """GET: the form. POST: start tracing a request, which takes a few seconds."""
    if request.method == "POST":
        return await _start(request)
    return await sync_to_async(_page)(request, _form(request.GET))


async def _start(request: HtmxRequest) -> HttpResponseBase:
    """Start an X-ray of what the form names, or the address, as that of a lane's button does."""
    data = request.POST if "lane" in request.POST else request.GET
    form = _form(data)
    subject = form.subject()
    if (name := data.get("scenario", "")) != form.scenario.name:
        expected = ", ".join(form.project.scenarios)
        form.add_error(None, f"Expected a scenario, one of {expected}, found {name!r}.")
        subject = None
    if subject is None:
        return await sync_to_async(_page)(request, form, status=422)
    return HttpResponseRedirect(_address(xray_store.start(subject)), status=303)


@require_safe
def result(request: HtmxRequest, number: str) -> HttpResponse:
    """Show one X-ray: its progress, and then threads, counts, one sentence, or its problem."""
    job = xray_store.get(number)
    if request.htmx:
        if job.ended:
            return HttpResponse(headers={"HX-Redirect": _address(number)})
        return render(request, "xray/progress.html", {"number": number, "job": job})
    subject = job.subject
    form = XrayForm(subject.project, subject.project.scenarios[subject.scenario], _typed(subject))
    if not job.ended:
        return _page(request, form, more={"number": number, "job": job})
    if job.busy:
        form.is_valid()
        form.add_error(None, BUSY)
        return _page(request, form, status=409)
    if job.problem:
        return _page(request, form, more={"failure": job.problem}, status=502)
    return _page(request, form, more=_shown(number, job, to_scale="to-scale" in request.GET))


def _shown(number: str, job: XrayJob, *, to_scale: bool) -> dict[str, Any]:
    """Return what the template shows of a finished X-ray."""
    if job.result is None:
        raise Http404
    data = job.result.to_json()
    return {
        "number": number,
        "family": job.subject.variant.family,
        "result": data,
        "picture": picture(job.result.xray, to_scale=to_scale),
        "to_scale": to_scale,
        "hop_cost": format_ms(data["hop_cost_ms"]),
        "length": format_ms(data["length_ms"]),
        "rows": _rows(data),
    }


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


def _form(data: QueryDict) -> XrayForm:
    project = laboratory().project
    scenario = project.scenarios.get(data.get("scenario", ""))
    return XrayForm(project, scenario or next(iter(project.scenarios.values())), data)


def _typed(subject: XraySubject) -> QueryDict:
    """Return the form values that describe a subject."""
    data = QueryDict(mutable=True)
    data["lane"] = str(subject.lane)
    data["timeout"] = f"{subject.timeout_s:g}"
    for name, value in subject.parameters.items():
        data[PARAMETER + name] = f"{value:g}"
    return data


def _page(
    request: HttpRequest, form: XrayForm, *, status: int = 200, more: Mapping[str, Any] = {}
) -> HttpResponse:
    scenario, typed, bad = form.scenario, form.data, status == 422
    context = {
        "project": form.project.name,
        "scenarios": list(form.project.scenarios.values()),
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


def _rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the spans as rows of the table."""
    return [
        {
            "kind": span["kind"],
            "name": span["name"],
            "thread": data["threads"][span["thread"]]["name"],
            "start": format_ms(span["start_ms"]),
            "length": format_ms(span["length_ms"])
            if span["length_ms"] is not None
            else "unfinished",
            "wait": format_ms(span["hop"]["wait_ms"]) if span["hop"] else "",
        }
        for span in data["spans"]
    ]
