"""The pictures beside the causes show the numbers of the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import AsyncClient
from django.utils.html import escape

from dashboard.models import Run
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.charts.evidence import HEIGHT, WIDTH, EvidencePicture, pictures
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.causes.test_causes import BLOCKED, CPU, EXECUTOR, ONE, THREADS, WAITING, free
from tests.analysis.planted import Planted, Stamps, pool, report_of

CASES = {
    "threads-busy": (THREADS, free()),
    "one-at-a-time": (ONE, free()),
    "executor-full": (EXECUTOR, free()),
    "cpu-bound": (CPU, free(5, growth_per_request={"cpu": MS // 100, "switches": 2})),
    "waiting-in-app": (WAITING, free()),
}


LANES = ["sync@gunicorn-gthread", "async@daphne"]


def drawn(name: str) -> tuple[EvidencePicture, dict[str, Any]]:
    report = report_of(list(CASES[name]), 40)
    (picture,) = pictures(report)
    (cause,) = report["verdict"]["comparisons"][0]["causes"]
    return picture, cause["evidence"]


def places(picture: EvidencePicture) -> list[tuple[float, float]]:
    pairs = (point.split(",") for point in picture.points.split())
    return [(float(x), float(y)) for x, y in pairs]


@pytest.mark.parametrize("name", CASES)
def test_each_cause_has_a_picture_with_a_text_alternative(name: str) -> None:
    picture, _ = drawn(name)
    assert (picture.cause, picture.lane) == (name, CASES[name][0].name)
    assert picture.text.startswith(picture.lane)
    html = render_to_string("run/evidence.html", {"pictures": [picture]})
    assert f'aria-label="{escape(picture.text)}"' in html
    assert "style=" not in html


def test_a_series_stays_at_its_limit_until_no_request_waits() -> None:
    picture, evidence = drawn("threads-busy")
    values = evidence["course"]["values"]
    assert max(values) == evidence["course"]["limit"] == 8
    assert sum(value == 8 for value in values) > 0.9 * len(values)
    inside = places(picture)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in inside)
    assert min(y for _, y in inside) == picture.limit_y


def test_a_queue_in_the_view_is_drawn_above_the_executors_limit() -> None:
    picture, evidence = drawn("executor-full")
    assert evidence["course"]["values"][0] == 40
    assert picture.limit_y is not None
    assert min(y for _, y in places(picture)) < picture.limit_y


def test_a_share_is_as_wide_as_it_says() -> None:
    picture, evidence = drawn("cpu-bound")
    assert picture.share_width == pytest.approx(min(1, evidence["cpu_share"]) * WIDTH, abs=0.1)


def test_the_time_a_loop_was_held_is_drawn_with_the_time_a_view_takes() -> None:
    report = report_of([BLOCKED, free()], 40)
    (picture,) = pictures(report)
    assert picture.limit_y is not None
    assert places(picture)


def test_a_picture_names_the_share_of_each_difference_that_a_cause_explains() -> None:
    picture, _ = drawn("threads-busy")
    assert picture.explains == "explains 100 % of the difference"
    lanes = [THREADS, free(), free(400, name="slow@uvicorn")]
    first, *_ = pictures(report_of(lanes, 40))
    assert first.cause == "threads-busy"
    assert first.explains == (
        "explains 100 % of the difference to async@daphne and 100 % to slow@uvicorn"
    )


def test_a_series_never_exceeds_the_peak_that_the_probe_counted() -> None:
    late = Planted(**{**vars(THREADS), "model": leaving_late(8, 100, late_ms=5)})
    (cause,) = report_of([late, free()], 40)["verdict"]["comparisons"][0]["causes"]
    assert max(cause["evidence"]["course"]["values"]) == 8


def leaving_late(at_a_time: int, view_ms: float, late_ms: float) -> Callable[[int], list[Stamps]]:
    """Return a pool whose clients see the end of a response after the next request has entered."""

    def model(requests: int) -> list[Stamps]:
        return [
            replace(stamps, done=stamps.done + late_ms)
            for stamps in pool(at_a_time, view_ms)(requests)
        ]

    return model


def test_a_report_without_series_has_no_picture() -> None:
    report = report_of(list(CASES["threads-busy"]), 40)
    del report["verdict"]["comparisons"][0]["causes"][0]["evidence"]["course"]
    assert pictures(report) == []
    assert pictures(None) == []


@pytest.mark.django_db(transaction=True)
async def test_the_result_of_a_finished_run_shows_them(
    laboratory: Laboratory, async_client: AsyncClient
) -> None:
    plan = make_plan(laboratory.project, scenario="sleep", lanes=LANES, requests=10, seed=1)
    run = await laboratory.start(plan)
    await laboratory.outcome(run)
    stored = await Run.objects.aget(pk=run.pk)
    stored.report["verdict"] = report_of(list(CASES["threads-busy"]), 40)["verdict"]
    await stored.asave(update_fields=["report"])
    page = (await async_client.get(f"/runs/{run.pk}/result/")).content.decode()
    assert 'class="evidence-picture course"' in page
    (shown,) = pictures(stored.report)
    assert escape(shown.text) in page
