"""The comparison of two runs: differences in plan and environment, numbers, distributions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.analysis.report.run_diff import LanePair, Pair, differences, lane_pairs
from dashboard.analysis.text.numbers import faster_or_slower, more_or_less
from dashboard.models import Run
from dashboard.runs.reports.results import lanes_of
from dashboard.runs.reports.stored import stored_report
from dashboard.web.run.run_view import view_of
from dashboard.web.shared.format import format_ms, format_s
from dashboard.web.shared.queue_chips import chips
from dashboard.web.shared.unreadable import ANSWERED
from dashboard.wire.report.report import Report

from .compare_chart import Overlay, overlay
from .compare_choice import NotComparable, chosen_runs
from .run_rows import Choice
from .views import history

logger = logging.getLogger(__name__)

Words = Callable[[float], str]
# Each number's heading, its format, and that of its ratio.
NUMBERS: Mapping[str, tuple[str, Words, Words]] = {
    "makespan_s": ("total time", format_s, faster_or_slower),
    "throughput_rps": ("requests/s", "{:,.0f}".format, more_or_less),
    "p50_ms": ("p50", format_ms, faster_or_slower),
    "p95_ms": ("p95", format_ms, faster_or_slower),
    "p99_ms": ("p99", format_ms, faster_or_slower),
    "errors": ("errors", "{:,.0f}".format, more_or_less),
    "peak_in_app": ("in application", "{:.0f}".format, more_or_less),
    "peak_threads": ("threads", "{:.0f}".format, more_or_less),
    "peak_rss_mb": ("RSS", "{:,.0f} MiB".format, more_or_less),
    "cpu_ms_per_request": ("CPU per request", format_ms, more_or_less),
}


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Compare the runs `a` and `b`; ratios are second to first.

    Two that cannot be compared are answered with the reason, and the runs to choose from.
    """
    first_id, second_id = request.GET.get("a", ""), request.GET.get("b", "")
    try:
        return _comparison(request, *chosen_runs(first_id, second_id))
    except NotComparable as error:
        return history(request, error.problems, Choice(error.first, error.second))
    except ANSWERED:
        raise
    except Exception:
        logger.exception("These runs cannot be compared: %s", dict(request.GET))
        problem = "These two runs cannot be compared; dashboard.log has the details."
        return history(request, [problem])


def _comparison(request: HttpRequest, first: Run, second: Run) -> HttpResponse:
    pairs = lane_pairs(_report(first), _report(second))
    context = {
        "first": view_of(first),
        "second": view_of(second),
        "plan_differences": differences(first.plan, second.plan),
        "environment_differences": differences(first.environment, second.environment),
        "heads": [head for head, _, _ in NUMBERS.values()],
        "lanes": list(_lanes((first, second), pairs)),
        "none_shared": not any(pair.in_first and pair.in_second for pair in pairs),
        "overlay": _overlay(first, second),
        "queue": chips(),
    }
    return render(request, "history/compare.html", context)


@dataclass(frozen=True)
class CellView:
    """One number of a lane in both runs, as text; `ratio` is empty if it is unknown or 0."""

    first: str
    second: str
    ratio: str


@dataclass(frozen=True)
class LaneView:
    """A lane of either run; `missing_in` is the run without it, 1 or 2, None if both have it."""

    name: str
    family: str
    cells: list[CellView]
    missing_in: int | None


def _report(run: Run) -> Report:
    report = stored_report(run)
    if report is None:
        raise NotComparable((f"The run {run.pk} has no report.",))
    return report


def _lanes(runs: Sequence[Run], pairs: Sequence[LanePair]) -> Iterator[LaneView]:
    families = {lane.name: lane.family for run in runs for lane in run.lanes.all()}
    for pair in pairs:
        yield LaneView(
            name=pair.lane,
            family=families[pair.lane],
            cells=[_cell(pair.numbers[key], *forms) for key, (_, *forms) in NUMBERS.items()],
            missing_in=None if pair.in_first and pair.in_second else 2 if pair.in_first else 1,
        )


def _cell(pair: Pair, form: Words, words: Words) -> CellView:
    first, second = ("–" if value is None else form(value) for value in (pair.first, pair.second))
    return CellView(first, second, words(pair.ratio) if pair.ratio else "")


def _overlay(first: Run, second: Run) -> Overlay | None:
    """Return the distributions of the lanes that both runs have."""
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
