"""The charts that the server draws because they need no animation, and every chart as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard.analysis.samples.window import (
    Stretch,
    newest_round,
    of_round,
    within,
    without_rounds,
)
from dashboard.models import Run
from dashboard.runs.reports.results import lanes_of
from dashboard.web.shared.template_context import TemplateContext
from dashboard.web.shared.unreadable import shows_run

from .distribution import CurvePicture, ecdf, shift
from .heatmap import HeatPicture, heatmap
from .tables import Selection, page_of, table_of

LONGEST_NUMBER = 9  # digits

PICTURES = ("ecdf", "heat", "shift")


@require_safe
@shows_run
def picture(request: HttpRequest, run_id: str, chart: str) -> HttpResponse:
    """Return the chart as SVG, from the frames stored so far."""
    run = get_object_or_404(Run, pk=run_id)
    if chart not in PICTURES:
        raise Http404(f"expected one of {', '.join(PICTURES)}, found {chart!r}")
    selection = Selection(whole_number(request, "round", 1), stretch_of(request))
    template = "charts/heatmap.html" if chart == "heat" else "charts/picture.html"
    return render(request, template, {"picture": pictures_of(run, selection, [chart])[chart]})


def pictures_of(
    run: Run, selection: Selection | None = None, charts: Sequence[str] = PICTURES
) -> dict[str, CurvePicture | HeatPicture]:
    """Return pictures by name. The heat map shows the selected round, by default the last."""
    lanes, run_lanes = lanes_of(run, discarded=True), list(run.lanes.all())
    selection = selection or Selection(newest_round(lanes), None)
    stretch = selection.stretch
    counted = [without_rounds(lane, run.discarded_rounds) for lane in lanes]
    all_rounds = [within(lane, stretch) for lane in counted] if stretch else counted

    def heat() -> HeatPicture:
        return heatmap(run_lanes, [of_round(lane, selection.round) for lane in lanes], stretch)

    draw: dict[str, Callable[[], CurvePicture | HeatPicture]] = {
        "ecdf": lambda: ecdf(run_lanes, all_rounds, selected=stretch is not None),
        "heat": heat,
        "shift": lambda: shift(run_lanes, all_rounds),
    }
    return {name: draw[name]() for name in charts}


@require_safe
@shows_run
def table(request: HttpRequest, run_id: str, chart: str) -> HttpResponse:
    """Return a page of the chart's table; `round`, `from` and `to` select, `page` numbers it."""
    run = get_object_or_404(Run, pk=run_id)
    selection = Selection(whole_number(request, "round", 1), stretch_of(request))
    content = table_of(run, chart, selection)
    if content is None:
        raise Http404(f"there is no chart {chart!r}")
    context: TemplateContext = {
        "table": page_of(content, whole_number(request, "page", 1), selection),
        "chart": chart,
        "address": reverse("chart-table", args=[run_id, chart]),
    }
    return render(request, "charts/table.html", context)


def stretch_of(request: HttpRequest) -> Stretch | None:
    """Return the stretch of each round between `from` and `to`, whole milliseconds; else None."""
    if "from" not in request.GET or "to" not in request.GET:
        return None
    return Stretch(whole_number(request, "from", 0), whole_number(request, "to", 0))


def whole_number(request: HttpRequest, name: str, default: int) -> int:
    """Return a whole number of the query. Raises Http404 for any other text."""
    text = request.GET.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_NUMBER:
        raise Http404(f"{name}: expected a whole number, found {text!r}")
    return int(text)
