"""What the page's JavaScript knows of a run before the first frame comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from dashboard.models import Run, RunLane
from dashboard.runs.planning.plans import theory_s
from dashboard.web.shared.format import seconds
from dashboard.wire.failure import failure_names
from dashboard.wire.plan import Load, Plan, Rate

from .lane_rows import LETTERS


def data_of(run: Run, plan: Plan, lanes: Sequence[RunLane]) -> dict[str, Any]:
    """Of a run; the types are in static/js/types.d.ts."""
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


def _mark(load: Load, by_theory_s: float | None) -> dict[str, Any]:
    """The dashed line in a waterfall: where theory sees the burst's end, or where a rate ends."""
    if isinstance(load, Rate):
        return {"mark_s": load.duration_s, "mark": "the rate ends"}
    return {"mark_s": by_theory_s, "mark": f"theory {seconds(by_theory_s)}"}


def empty_data(lanes: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A run that never was, of lanes by name and family: for the axes of the empty bench."""
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
