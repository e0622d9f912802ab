"""A stored run as the templates show it."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.models import Run
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.run.run_view import view_of

RATE = {"offered_rps": 400.0, "achieved_rps": 78.64, "keeps_up": False}


async def finished(laboratory: Laboratory, **load: Any) -> Run:
    plan = make_plan(laboratory.project, scenario="sleep", rounds=1, seed=1, **load)
    run = await laboratory.start(plan)
    await laboratory.outcome(run)
    return await Run.objects.prefetch_related("lanes").aget(pk=run.pk)


async def test_a_lane_that_fell_behind_shows_no_percentile_and_no_ratio(
    laboratory: Laboratory,
) -> None:
    run = await finished(laboratory, rate_rps=100.0, duration_s=1.0)
    run.report["lanes"][1]["rate"] = RATE
    view = view_of(run)
    fine, behind = view.lanes[0], view.lanes[1]
    assert (behind.achieved, behind.requests) == ("78.6/s", "100")
    assert {behind.p50, behind.p95, behind.service_p95} == {"–"}
    assert (fine.p50, fine.p95, fine.service_p95) == ("100 ms", "100 ms", "99.0 ms")
    assert (view.load, view.short_load) == ("100 requests per second for 1 s", "100/s for 1 s")
    assert view.rate


async def test_the_reason_a_run_has_no_verdict_is_shown_once(
    laboratory: Laboratory,
) -> None:
    run = await finished(laboratory, requests=10)
    run.report["warnings"] = ["The backlog overflowed.", "Something else."]
    run.report["verdict"] = {
        **run.report["verdict"],
        "headline": "No verdict. The backlog overflowed.",
        "sentence": "No verdict. The backlog overflowed. Measured, but not reliable: 3.4× faster.",
        "spoiled": "The backlog overflowed.",
    }
    view = view_of(run)
    assert view.headline == "No verdict. The backlog overflowed."
    assert view.headline_parts == [view.headline]
    assert view.because == "Measured, but not reliable: 3.4× faster."
    assert view.warnings == ["Something else."]


async def test_the_dashed_line_is_the_theory_or_the_end_of_a_rate(laboratory: Laboratory) -> None:
    burst = view_of(await finished(laboratory, requests=100)).data["lanes"]
    assert burst[0]["mark_s"] == pytest.approx(1.3)  # ⌈100/8⌉ · 0.1 s
    assert burst[0]["mark"] == "theory 1.30 s"
    rate = view_of(await finished(laboratory, rate_rps=50.0, duration_s=2.0)).data["lanes"]
    assert {(lane["mark_s"], lane["mark"]) for lane in rate} == {(2.0, "end of the rate")}


async def test_a_headline_about_two_lanes_is_in_smaller_type(laboratory: Laboratory) -> None:
    run = await finished(laboratory, requests=10)
    after = "than sync@gunicorn-gthread (95 %: 7.1–7.5), because gunicorn had only 8 threads."
    for before, is_long in (
        ("async@daphne was 7.3× faster", False),
        ("async@daphne and sync@daphne were about 7.2× faster", True),
    ):
        run.report["verdict"] = {**run.report["verdict"], "headline": f"{before} {after}"}
        assert view_of(run).headline_is_long == is_long


@pytest.mark.parametrize(
    ("first", "factors"),
    [
        ("b@y was 3.4× faster than a@x (95 %: 3.1–3.7).", ["3.4×"]),
        ("b@y took 12× as long as a@x (95 %: 11–13).", ["12×"]),
        ("First look (3 rounds: 0.9–3.3×): b@y took 1.6× as long as a@x.", ["1.6×"]),
        ("b@y took 12 % longer than a@x (95 %: 10–14 %).", ["12 %"]),
        ("Undecided after 5 rounds: b@y took 0.9–1.3× as long as a@x (99 %).", []),
        ("No verdict, the load generator was late: b@y was 2× faster than a@x.", []),
    ],
)  # fmt: skip
async def test_the_number_of_the_headline_is_emphasised(
    laboratory: Laboratory, first: str, factors: list[str]
) -> None:
    run = await finished(laboratory, requests=10)
    text = {"headline": first, "sentence": f"{first} Something else."}
    run.report["verdict"] = {**run.report["verdict"], **text}
    view = view_of(run)
    assert view.headline_parts[1::2] == factors
    assert "".join(view.headline_parts) == first
    assert view.because == "Something else."
