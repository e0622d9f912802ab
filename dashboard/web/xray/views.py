"""The page that traces one request of a lane inside Django."""

from __future__ import annotations

import secrets
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
from dashboard.runs.planning.program import suggested_command
from dashboard.runs.xray.traced_request import RequestTracer, XrayResult, XraySubject, make_subject
from dashboard.web.shared.form_values import PARAMETER, lane_names, parameter_label
from dashboard.web.shared.format import format_ms
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.wire.errors import InvalidPlan, LiveburstError, TargetFailed
from dashboard.wire.plan.fields import DEFAULT_TIMEOUT_S

from .picture import picture

MAX_KEPT = 20
BUSY = "A run or a calibration is using the machine. Try again when it has finished."


class XrayStore:
    """What makes this process's X-rays, and its last results, kept in memory."""

    def __init__(self) -> None:
        self._xrays: RequestTracer | None = None
        self._kept: dict[str, XrayResult] = {}

    def use(self, xrays: RequestTracer) -> None:
        """Set what makes X-rays and forget results; `manage.py lab` does so before serving."""
        self._xrays = xrays
        self._kept.clear()

    @property
    def xrays(self) -> RequestTracer:
        """What makes X-rays. Raises LiveburstError before `use`."""
        if self._xrays is None:
            raise LiveburstError(f"Start the dashboard with: {suggested_command('lab')}")
        return self._xrays

    def keep(self, result: XrayResult) -> str:
        """Keep a result, dropping the oldest of many; return its id in URLs."""
        number = secrets.token_hex(4)
        self._kept[number] = result
        for oldest in list(self._kept)[:-MAX_KEPT]:
            del self._kept[oldest]
        return number

    def get(self, number: str) -> XrayResult:
        """Return a result. Raises Http404 if it is unknown or was dropped."""
        if number not in self._kept:
            raise Http404("Only the last few X-rays are kept, and only until the dashboard ends.")
        return self._kept[number]


xray_store = XrayStore()


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
    """GET: the form. POST: trace a request, which takes a few seconds."""
    if request.method == "POST":
        return await _take(request)
    return await sync_to_async(_page)(request, _form(request.GET))


async def _take(request: HtmxRequest) -> HttpResponseBase:
    form = _form(request.POST)
    subject = form.subject()
    if (name := request.POST.get("scenario", "")) != form.scenario.name:
        expected = ", ".join(form.project.scenarios)
        form.add_error(None, f"Expected a scenario, one of {expected}, found {name!r}.")
        subject = None
    if subject is None:
        return await sync_to_async(_page)(request, form, status=422)
    try:
        result = await xray_store.xrays.trace_if_free(subject)
    except TargetFailed as error:
        return await sync_to_async(_page)(request, form, more={"failure": error}, status=502)
    if result is None:
        form.add_error(None, BUSY)
        return await sync_to_async(_page)(request, form, status=409)
    return HttpResponseRedirect(reverse("xray-result", args=[xray_store.keep(result)]), status=303)


@require_safe
def result(request: HtmxRequest, number: str) -> HttpResponse:
    """Show one X-ray: threads, counts, one sentence."""
    stored = xray_store.get(number)
    subject = stored.subject
    form = XrayForm(subject.project, subject.project.scenarios[subject.scenario], _typed(subject))
    data = stored.to_json()
    shown = {
        "number": number,
        "family": subject.variant.family,
        "result": data,
        "picture": picture(stored.xray),
        "hop_cost": format_ms(data["hop_cost_ms"]),
        "length": format_ms(data["length_ms"]),
        "rows": _rows(data),
    }
    return _page(request, form, more=shown)


@require_safe
def trace(request: HttpRequest, number: str) -> HttpResponse:
    """Download the trace for Perfetto."""
    stored = xray_store.get(number)
    title = f"{stored.subject.lane} {stored.subject.request}"
    response = JsonResponse(chrome_trace(stored.xray, title))
    response["Content-Disposition"] = f'attachment; filename="xray-{number}.json"'
    return response


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
