"""The views of a mix in a report: taken apart by the plan, compared, and in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from dashboard.analysis.report.report import Report, ReportContext, make_report
from dashboard.wire import frame
from dashboard.wire.plan.plan import Lane, Plan, Rate
from dashboard.wire.units import NS_PER_MS

LENGTHS_MS = {"fast.sync": 10, "slow.sync": 100}


def plan(**changes: object) -> Plan:
    fields = {
        "scenario": "monday",
        "lanes": (Lane("mix", "daphne"), Lane("mix", "uvicorn")),
        "load": Rate(100, 1),
        "rounds": 5,
        "seed": 3,
        "parameters": {},
        "timeout_s": 30,
        "mix": {"fast.sync": 3, "slow.sync": 1},
        **changes,
    }
    return Plan(**fields)  # type: ignore[arg-type]


def frames(plan: Plan, length_ms: Callable[[str, int], float]) -> Iterator[bytes]:
    """Yield the samples of each lane and round, each as long as `length_ms` of view and lane."""
    views, random = list(plan.mix), np.random.default_rng(1)
    for lane in range(len(plan.lanes)):
        for number in range(1, plan.rounds + 1):
            rows = [
                {
                    "request": request,
                    "due": request,
                    "sent_first": request,
                    "sent": request,
                    "done": request
                    + int(length_ms(views[view], lane) * random.uniform(1, 1.02) * NS_PER_MS),
                    "status": 200,
                    "error": 0,
                }
                for request, view in enumerate(plan.views_in(number))
            ]
            columns = frame.rows_to_columns("samples", rows)
            yield frame.encode("samples", lane=lane, round=number, origin_ns=1, columns=columns)


def report(plan: Plan, length_ms: Callable[[str, int], float]) -> Report:
    return make_report(plan, ReportContext("r", "finished", {}), frames(plan, length_ms))


def test_each_view_has_its_own_numbers() -> None:
    made = report(plan(), lambda view, lane: LENGTHS_MS[view])
    fast, slow = made["mixed_views"]
    assert (fast["view"], fast["share"], slow["share"]) == ("fast.sync", 0.75, 0.25)
    assert [lane["requests"] for lane in fast["lanes"]] == [375, 375]
    assert fast["lanes"][0]["latency_ms"]["p95"] == pytest.approx(10, rel=0.05)
    assert slow["lanes"][0]["latency_ms"]["p95"] == pytest.approx(100, rel=0.05)
    assert len(slow["lanes"][0]["response_p95_ms"]) == 5


def test_views_are_compared_one_by_one() -> None:
    made = report(
        plan(), lambda view, lane: LENGTHS_MS[view] * (2 if lane and view == "slow.sync" else 1)
    )
    fast, slow = made["mixed_views"]
    assert fast["comparisons"][0]["answer"] == "no-difference"
    assert slow["comparisons"][0]["answer"] == "differs"
    assert slow["comparisons"][0]["ratio"] == pytest.approx(2, rel=0.05)
    assert slow["sentence"].startswith(
        "slow.sync: mix@uvicorn was 2× as long as mix@daphne ("
    ) or slow["sentence"].startswith("slow.sync: mix@uvicorn was 2.0× as long as mix@daphne (")
    assert fast["sentence"] == (
        "fast.sync: mix@uvicorn was as fast as mix@daphne, within the margin."
    )


def test_other_runs_have_no_views() -> None:
    other = plan(mix={})
    rows = [{"request": n, "done": NS_PER_MS, "status": 200, "error": 0} for n in range(100)]
    columns = frame.rows_to_columns("samples", rows)
    data = frame.encode("samples", lane=0, round=1, origin_ns=1, columns=columns)
    assert "mixed_views" not in make_report(other, ReportContext("r", "finished", {}), [data])


def test_a_single_lane_has_no_comparison() -> None:
    made = report(plan(lanes=(Lane("mix", "daphne"),)), lambda view, lane: LENGTHS_MS[view])
    assert [view["comparisons"] for view in made["mixed_views"]] == [[], []]
    assert [view["sentence"] for view in made["mixed_views"]] == ["", ""]
