"""A run whose lanes were sampled, by hand: stored through the ORM, without a server."""

from __future__ import annotations

from dashboard.models import LaneSamples, Run
from dashboard.wire.report.where import State

from .sampled import lane_where


def sample(run: Run, *positions: int) -> None:
    """Store a sampled firing of these lanes: async ones held the loop, sync ones blocked."""
    for lane in run.lanes.all():
        if lane.position in positions:
            state: State = "holding" if lane.family == "async" else "blocking"
            LaneSamples.objects.update_or_create(
                lane=lane, defaults={"where": lane_where(lane.name, state), "missing": ""}
            )
