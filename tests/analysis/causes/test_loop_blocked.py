"""A view that awaits while others hold its event loop lasts long, and waits for nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.causes.test_causes import (
    BY_APP,
    BY_VIEW,
    CORE,
    LITTLE_CPU,
    causes,
    free,
    held,
)
from tests.analysis.planted import Planted, Stamps, report_of

Model = Callable[[int], list[Stamps]]


def view_behind_holds(hold_ms: float, *, holds_behind: int, stolen_ms: float = 0) -> Model:
    """Views that await a moment each, and are continued only after the next hold or holds."""

    def model(requests: int) -> list[Stamps]:
        last = hold_ms * requests + 1 + stolen_ms
        starts = [hold_ms * (request + 1) for request in range(requests)]
        ends = [min(last, start + hold_ms * holds_behind + 1 + stolen_ms) for start in starts]
        return [Stamps(0.2, start, end, end + 0.2) for start, end in zip(starts, ends, strict=True)]

    return model


def lane(model: Model, by: int, peak_in_view: int, **sums: int) -> Planted:
    return Planted(
        name="slow@uvicorn",
        model=model,
        config=CORE,
        health={
            "peak_in_app": 100,
            "peak_in_view": peak_in_view,
            "loop_held": 30 * MS,
            "loop_held_by": by,
        },
        growth_per_request={**LITTLE_CPU, **held(**sums)},
    )


@pytest.mark.parametrize("requests", [8, 40])
@pytest.mark.parametrize("holds_behind", [1, 3])
@pytest.mark.parametrize("stolen_ms", [0, 60])
@pytest.mark.parametrize(("by", "holder"), [(BY_APP, "middleware-or-framework"), (BY_VIEW, "view")])
def test_waiting_for_a_held_loop_is_not_waiting_outside(
    requests: int, holds_behind: int, stolen_ms: float, by: int, holder: str
) -> None:
    model = view_behind_holds(30, holds_behind=holds_behind, stolen_ms=stolen_ms)
    sums = {"app" if by == BY_APP else "view": 30}
    report = report_of([lane(model, by, holds_behind + 1, **sums), free(0.1)], requests)
    (cause,) = causes(report)
    assert (cause["name"], cause["evidence"]["holder"]) == ("loop-blocked", holder)
    assert cause["share"] >= 0.5
    assert "was idle" not in report["verdict"]["sentence"]


def at_once_then_hold(wait_ms: float, hold_ms: float) -> Model:
    """Views that all wait together outside of the process, each with a short hold at its end."""

    def model(requests: int) -> list[Stamps]:
        ends = [wait_ms + hold_ms * (request + 1) for request in range(requests)]
        return [Stamps(0.2, 0.3, end, end + 0.2) for end in ends]

    return model


def test_a_wait_outside_is_named_beside_a_loop_that_is_held_for_less() -> None:
    slow = lane(at_once_then_hold(600, 11), BY_VIEW, 100, view=11)
    names = [cause["name"] for cause in causes(report_of([slow, free(100)], 20))]
    assert names == ["waiting-in-app", "loop-blocked"]


def test_views_that_hold_the_loop_in_turn_are_described_as_such() -> None:
    slow = lane(view_behind_holds(30, holds_behind=3), BY_VIEW, 4, view=30)
    sentence = report_of([slow, free(0.1)], 20)["verdict"]["sentence"]
    assert "its views blocked the event loop in turn: for up to 30 ms at once" in sentence
    assert "never more than one in the view" not in sentence
