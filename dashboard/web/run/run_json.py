"""A run as the page's JavaScript receives it, before the first frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from dashboard.models import Run, RunLane
from dashboard.runs.planning.plans import theory_s
from dashboard.web.shared.format import format_s
from dashboard.wire.failure import failure_names
from dashboard.wire.plan import Load, Plan, Rate

from .lane_rows import LETTERS


def run_json(run: Run, plan: Plan, lanes: Sequence[RunLane]) -> dict[str, Any]:
    """Return `RunData` of static/js/types.d.ts."""
    load = plan.load
    return {
        "id": run.pk,
        "status": run.status,
        "lanes": [
            {
                "name": lane.name,
                "family": lane.family,
                "letter": LETTERS[lane.position],
                **_mark(load, theory_s(load, lane.capacity, lane.wait_s)),
            }
            for lane in lanes
        ],
        "requests": load.requests,
        "rounds": plan.rounds,
        "discarded_rounds": run.discarded_rounds,
        "timeout_s": plan.timeout_s,
        "frames_url": reverse("frames", args=[run.pk]),
        "failures": failure_names(),
    }


def _mark(load: Load, theory_s: float | None) -> dict[str, Any]:
    """Return the dashed line of a waterfall: the theoretical end of a burst, or a rate's end."""
    if isinstance(load, Rate):
        return {"mark_s": load.duration_s, "mark": "end of the rate"}
    return {"mark_s": theory_s, "mark": f"theory {format_s(theory_s)}"}


def empty_run_json(lanes: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return a run without requests, for the axes of the empty bench; lanes by name and family."""
    return {
        "id": "",
        "status": "empty",
        "lanes": [
            {"name": name, "family": family, "letter": letter, "mark_s": None, "mark": ""}
            for (name, family), letter in zip(lanes, LETTERS, strict=False)
        ],
        "requests": 100,
        "rounds": 1,
        "discarded_rounds": [],
        "failures": failure_names(),
    }
