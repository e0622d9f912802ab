"""Takes the samples of a mix apart by view: which request is to which view follows from the plan.

A view's bystander, health and chunks are those of the whole mix: they belong to no single view.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dashboard.wire.plan.plan import Plan

from .lane_samples import Columns, Lane


def by_view(lane: Lane, plan: Plan) -> Mapping[str, Lane]:
    """Return the samples of each view of a mix, by its name."""
    views = _views_of(lane.samples, plan)
    cut_off = _views_of(lane.cut_off, plan)
    return {
        name: Lane(
            samples=_only(lane.samples, views == number),
            health=lane.health,
            bystander=lane.bystander,
            chunks=lane.chunks,
            cut_off=_only(lane.cut_off, cut_off == number),
        )
        for number, name in enumerate(plan.mix)
    }


def _views_of(samples: Columns, plan: Plan) -> npt.NDArray[np.uint16]:
    """Return the number of the view of each sample."""
    views = np.zeros(samples["request"].size, np.uint16)
    for number in np.unique(samples["round"]).tolist():
        here = samples["round"] == number
        views[here] = np.asarray(plan.views_in(number))[samples["request"][here]]
    return views


def _only(columns: Columns, chosen: npt.NDArray[np.bool_]) -> Columns:
    return {name: column[chosen] for name, column in columns.items()}
