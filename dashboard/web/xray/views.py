"""The page that sees through one request of a lane."""

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
from django.views.decorators.http import require_GET, require_http_methods

from dashboard.analysis.xray.chrome import chrome_trace
from dashboard.project.labtoml.load import Project, Scenario
from dashboard.runs.planning.plans import DEFAULT_TIMEOUT_S
from dashboard.runs.planning.program import suggested_command
from dashboard.runs.xray.traced_request import RequestTracer, XrayResult, XraySubject, make_subject
from dashboard.web.shared.form_values import PARAMETER, lane_names
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.wire.errors import InvalidPlan, LiveburstError, TargetFailed

from .picture import picture

MOST_KEPT = 20
BUSY = "A run or a calibration has the machine to itself now. Press again when it is over."


class Album:
    """The X-rays of this process, and its last results: they are kept until it ends."""

    def __init__(self) -> None:
        self._xrays: RequestTracer | None = None
        self._kept: dict[str, XrayResult] = {}

    def furnish(self, xrays: RequestTracer) -> None:
        """Say what X-rays are made with; `manage.py lab` does before it serves."""
        self._xrays = xrays
        self._kept.clear()

    @property
    def xrays(self) -> RequestTracer:
        """What they are made with. Raises LiveburstError before `furnish`."""
        if self._xrays is None:
            raise LiveburstError(f"Start the dashboard with: {suggested_command('lab')}")
        return self._xrays

    def keep(self, result: XrayResult) -> str:
        """Keep a result, in place of the oldest where there are many; its number in addresses."""
        number = secrets.token_hex(4)
        self._kept[number] = result
        for oldest in list(self._kept)[:-MOST_KEPT]:
            del self._kept[oldest]
        return number

    def get(self, number: str) -> XrayResult:
        """Raises Http404 for one that is not there, or no more."""
        if number not in self._kept:
            raise Http404("X-rays are kept until the dashboard ends, the last few of them.")
        return self._kept[number]


album = Album()


class XrayForm(forms.Form):
    """Which request is to be seen through. What may be is the project's to say."""

    lane = forms.CharField(max_length=200)
    timeout = forms.FloatField(required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None) -> None:
        super().__init__(data)
        self.project = project
        self.scenario = scenario
        for name in scenario.parameters:
            self.fields[PARAMETER + name] = forms.FloatField(required=False)

    def subject(self) -> XraySubject | None:
        """The subject, or None when a field is wrong; the errors are on the form then."""
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


@require_http_methods(["GET", "POST"])
async def xray(request: HtmxRequest) -> HttpResponseBase:
    """GET: what to see through. POST: see through it, which takes a few seconds."""
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
        result = await album.xrays.trace_if_free(subject)
    except TargetFailed as error:
        return await sync_to_async(_page)(request, form, more={"failure": error}, status=502)
    if result is None:
        form.add_error(None, BUSY)
        return await sync_to_async(_page)(request, form, status=409)
    return HttpResponseRedirect(reverse("xray-result", args=[album.keep(result)]), status=303)


@require_GET
def result(request: HtmxRequest, number: str) -> HttpResponse:
    """One X-ray: lanes of threads, counts, one sentence."""
    found = album.get(number)
    subject = found.subject
    form = XrayForm(subject.project, subject.project.scenarios[subject.scenario], _typed(subject))
    data = found.to_json()
    shown = {
        "number": number,
        "family": subject.variant.family,
        "result": data,
        "picture": picture(found.xray),
        "rows": _rows(data),
    }
    return _page(request, form, more=shown)


@require_GET
def trace(request: HttpRequest, number: str) -> HttpResponse:
    """The same for Perfetto, as a file."""
    found = album.get(number)
    title = f"{found.subject.lane} {found.subject.request}"
    response = JsonResponse(chrome_trace(found.xray, title))
    response["Content-Disposition"] = f'attachment; filename="xray-{number}.json"'
    return response


def _form(data: QueryDict) -> XrayForm:
    project = laboratory().project
    scenario = project.scenarios.get(data.get("scenario", ""))
    return XrayForm(project, scenario or next(iter(project.scenarios.values())), data)


def _typed(subject: XraySubject) -> QueryDict:
    """The form as somebody would have filled it in to see through this."""
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
                "parameter": one,
                "name": PARAMETER + one.name,
                "label": one.name.replace("_", " ").capitalize(),
                "value": typed.get(PARAMETER + one.name) or f"{one.default:g}",
                "errors": form.errors.get(PARAMETER + one.name, []) if bad else [],
            }
            for one in scenario.parameters.values()
        ],
        **more,
    }
    return render(request, "xray/xray.html", context, status=status)


def _rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The spans as rows of a table, numbers in words."""
    return [
        {
            "kind": span["kind"],
            "name": span["name"],
            "thread": data["threads"][span["thread"]]["name"],
            "start": f"{span['start_ms']:.3f} ms",
            "length": "not over" if span["length_ms"] is None else f"{span['length_ms']:.3f} ms",
            "wait": f"{span['hop']['wait_ms']:.3f} ms" if span["hop"] else "",
        }
        for span in data["spans"]
    ]
