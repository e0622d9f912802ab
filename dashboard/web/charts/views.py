"""What the server draws of a run's charts: those that need no animation, and each as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from dashboard.analysis.samples.window import (
    Stretch,
    newest_round,
    of_round,
    within,
    without_rounds,
)
from dashboard.models import Run
from dashboard.runs.reports.results import lanes_of

from .distribution import Picture, ecdf, shift
from .heatmap import HeatPicture, heat
from .tables import Asked, page_of, table_of

LONGEST_NUMBER = 9  # digits

PICTURES = ("ecdf", "heat", "shift")


@require_GET
def picture(request: HttpRequest, run_id: str, chart: str) -> HttpResponse:
    """The chart as an SVG, of what is stored so far."""
    run = get_object_or_404(Run, pk=run_id)
    if chart not in PICTURES:
        raise Http404(f"expected one of {', '.join(PICTURES)}, found {chart!r}")
    asked = Asked(whole(request, "round", 1), stretch_of(request))
    template = "charts/heatmap.html" if chart == "heat" else "charts/picture.html"
    return render(request, template, {"picture": pictures_of(run, asked, [chart])[chart]})


def pictures_of(
    run: Run, asked: Asked | None = None, charts: Sequence[str] = PICTURES
) -> dict[str, Picture | HeatPicture]:
    """These pictures, or all of them, by their names; the heat is that of a round, or the last."""
    lanes, stored = lanes_of(run, discarded=True), list(run.lanes.all())
    asked = asked or Asked(newest_round(lanes), None)
    counted = [without_rounds(lane, run.discarded_rounds) for lane in lanes]
    of_all = [within(lane, asked.stretch) for lane in counted] if asked.stretch else counted
    made: dict[str, Callable[[], Picture | HeatPicture]] = {
        "ecdf": lambda: ecdf(stored, of_all),
        "heat": lambda: heat(
            stored, [of_round(lane, asked.round) for lane in lanes], asked.stretch
        ),
        "shift": lambda: shift(stored, of_all),
    }
    return {name: made[name]() for name in charts}


@require_GET
def table(request: HttpRequest, run_id: str, chart: str) -> HttpResponse:
    """A page of the chart's table; `round`, `from` and `to` say of what, `page` which."""
    run = get_object_or_404(Run, pk=run_id)
    asked = Asked(whole(request, "round", 1), stretch_of(request))
    content = table_of(run, chart, asked)
    if content is None:
        raise Http404(f"there is no chart {chart!r}")
    context: dict[str, Any] = {
        "table": page_of(content, whole(request, "page", 1)),
        "chart": chart,
        "address": reverse("chart-table", args=[run_id, chart]),
    }
    return render(request, "charts/table.html", context)


def stretch_of(request: HttpRequest) -> Stretch | None:
    """The part of each round that was selected by `from` and `to`, in whole milliseconds."""
    if "from" not in request.GET or "to" not in request.GET:
        return None
    return Stretch(whole(request, "from", 0), whole(request, "to", 0))


def whole(request: HttpRequest, name: str, default: int) -> int:
    """A whole number of the query; 404 for anything else, since nothing has that address."""
    text = request.GET.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_NUMBER:
        raise Http404(f"{name}: expected a whole number, found {text!r}")
    return int(text)
