"""A run as the page's JavaScript receives it, before the first frame."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from dashboard.analysis.inference.comparison import LOOKS
from dashboard.models import Run, RunLane
from dashboard.runs.planning.plans import theory_s
from dashboard.web.shared.format import LETTERS, format_s
from dashboard.wire.failure import failure_names
from dashboard.wire.plan.plan import Load, Plan, Rate
from dashboard.wire.report.page_data import LaneData, RunData


def run_json(run: Run, plan: Plan, lanes: Sequence[RunLane]) -> RunData:
    """Return what the page is given of a run."""
    load = plan.load
    return {
        "id": run.pk,
        "status": run.status,
        "lanes": [_lane_json(lane, load) for lane in lanes],
        "requests": load.requests,
        "rounds": plan.rounds,
        "looks": [look for look in LOOKS if plan.until_sure and look <= plan.rounds],
        "discarded_rounds": run.discarded_rounds,
        "timeout_s": plan.timeout_s,
        "frames_url": reverse("frames", args=[run.pk]),
        "failures": failure_names(),
    }


def _lane_json(lane: RunLane, load: Load) -> LaneData:
    mark_s, mark = _mark(load, theory_s(load, lane.capacity, lane.wait_s))
    return {
        "name": lane.name,
        "family": lane.family,
        "letter": LETTERS[lane.position],
        "mark_s": mark_s,
        "mark": mark,
    }


def _mark(load: Load, theory_s: float | None) -> tuple[float | None, str]:
    """Return the dashed line of a waterfall: the theoretical end of a burst, or a rate's end."""
    if isinstance(load, Rate):
        return load.duration_s, "end of the rate"
    return theory_s, f"theory {format_s(theory_s)}"
