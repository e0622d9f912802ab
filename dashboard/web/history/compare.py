"""Two runs held against each other: what was different, the numbers, the distributions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from dashboard.analysis.report.run_diff import Pair, differences, lane_pairs
from dashboard.models import Run
from dashboard.runs.reports.results import lanes_of
from dashboard.web.run.run_view import view_of
from dashboard.web.shared.format import factor
from dashboard.web.shared.queue_chips import chips

from .compare_chart import Overlay, overlay

# The numbers' names on the page, and how each is written.
NUMBERS = {
    "makespan_s": ("makespan", "{:.3f} s"),
    "throughput_rps": ("a second", "{:,.0f}"),
    "p50_ms": ("p50", "{:,.1f} ms"),
    "p95_ms": ("p95", "{:,.1f} ms"),
    "p99_ms": ("p99", "{:,.1f} ms"),
    "errors": ("errors", "{:,.0f}"),
    "peak_in_app": ("in app", "{:.0f}"),
    "peak_threads": ("threads", "{:.0f}"),
    "peak_rss_mb": ("RSS", "{:,.0f} MB"),
    "cpu_ms_per_request": ("CPU a request", "{:.2f} ms"),
}


@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """The runs `a` and `b`, the second in terms of the first."""
    first, second = (_run(request.GET.get(name, "")) for name in ("a", "b"))
    context = {
        "first": view_of(first),
        "second": view_of(second),
        "asked": differences(first.plan, second.plan),
        "around": differences(first.environment, second.environment),
        "heads": [head for head, _ in NUMBERS.values()],
        "lanes": list(_lanes(first, second)),
        "overlay": _overlay(first, second),
        "line": chips(),
    }
    return render(request, "history/compare.html", context)


def _run(run_id: str) -> Run:
    run = get_object_or_404(Run, pk=run_id)
    if not run.report:
        raise Http404("A run that has no report yet cannot be compared.")
    return run


def _lanes(first: Run, second: Run) -> Iterator[dict[str, Any]]:
    families = {lane.name: lane.family for run in (first, second) for lane in run.lanes.all()}
    for pair in lane_pairs(first.report, second.report):
        cells = [_cell(pair.numbers[key], form) for key, (_, form) in NUMBERS.items()]
        yield {
            "name": pair.lane,
            "family": families[pair.lane],
            "cells": cells,
            "missing_in": None if pair.in_first and pair.in_second else 2 if pair.in_first else 1,
        }


def _cell(pair: Pair, form: str) -> dict[str, str]:
    first, second = ("–" if one is None else form.format(one) for one in (pair.first, pair.second))
    return {"first": first, "second": second, "ratio": factor(pair.ratio) if pair.ratio else ""}


def _overlay(first: Run, second: Run) -> Overlay | None:
    """The distributions of the lanes that are in both."""
    lanes = [{lane.name: lane for lane in run.lanes.all()} for run in (first, second)]
    collected = [lanes_of(run) for run in (first, second)]
    shared = [name for name in lanes[0] if name in lanes[1]]
    return overlay(
        [
            (
                name,
                lanes[0][name].family,
                collected[0][lanes[0][name].position],
                collected[1][lanes[1][name].position],
            )
            for name in shared
        ]
    )
