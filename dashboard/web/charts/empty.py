"""Why a chart of a run is empty."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.analysis.samples.lane_samples import Lane


def why_empty(lanes: Sequence[Lane], *, selected: bool) -> str:
    """Return what is missing from these lanes; `selected` if they are a selected stretch."""
    if any(lane.samples["done"].size for lane in lanes):
        return "no request succeeded"
    return "no request finished in the selection" if selected else "no request finished"
