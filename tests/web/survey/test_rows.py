"""A row of the table: the bar, the alternative that is shown, and what is unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.web.survey.rows import row_view
from dashboard.wire.experiments.survey import Alone, Alternative, SurveyRow, TimeShares

SHARES = TimeShares(cpu=0.124, database=0.61, waiting=0.003, framework=0.263)
POOL = Alternative(
    change="threads",
    lane="sync@gunicorn-gthread:threads=32",
    stand_in=False,
    predicted_rps=412.4,
    predicted_p95_ms=78.1,
    formula="min(1 · 32 / 77.6 ms, 1 / 1.2 ms)",
    run="pppppppp",
    measured_rps=398.2,
    measured_p95_ms=81.0,
    error=0.0357,
    ratio=0.28,
    interval=(0.27, 0.3),
    level=0.95,
    answer="differs",
    memory_mb=34.21,
    cpu_ms=-0.083,
)
AWAITED = replace(
    POOL,
    change="async",
    lane="async@uvicorn",
    run="qqqqqqqq",
    ratio=0.31,
    interval=(0.26, 0.35),
    memory_mb=None,
    cpu_ms=None,
)
UNFIRED = Alternative(
    change="processes",
    lane="sync@gunicorn-gthread:processes=2,threads=4",
    stand_in=False,
    predicted_rps=103.0,
    predicted_p95_ms=310.0,
    formula="min(2 · 4 / 77.6 ms, 2 / 1.2 ms)",
    why="two others are predicted to be faster",
)
ROW = SurveyRow(
    scenario="orders",
    variant="sync",
    title="Orders of a customer",
    view="shop.views:orders",
    family="sync",
    lane="sync@gunicorn-gthread:threads=4",
    state="measured",
    weight=1.0,
    alone=Alone("rrrrrrrr", 77.6, 1.2, hops=0, queries=12, query_ms=47.0, shares=SHARES),
    p95_ms=640.0,
    throughput_rps=51.34,
    alternatives=(POOL, AWAITED, UNFIRED),
    word="threads",
    reason="4 threads are held by 61 % of waiting for the database",
    best=POOL.lane,
    gained_ms=559.0,
    run="pppppppp",
    runs=("rrrrrrrr", "pppppppp"),
)


def test_the_bar_has_a_segment_for_each_part_that_can_be_seen() -> None:
    row = row_view(ROW)
    assert [part.name for part in row.parts] == ["cpu", "database", "framework"]
    assert [part.width for part in row.parts] == pytest.approx([12.4, 61, 26.3])
    # A part that is too small to be drawn keeps its place.
    assert [part.x for part in row.parts] == pytest.approx([0, 12.4, 73.7])
    assert row.time_in == "CPU 12 %, database 61 %, framework 26 %"
    assert row.alone == "77.6 ms alone, 12 queries"


def test_the_alternative_is_the_recommended_one() -> None:
    row = row_view(replace(ROW, best=AWAITED.lane, word="async"))
    assert row.recommended
    assert row.alternative
    assert (row.alternative.lane, row.alternative.family) == ("async@uvicorn", "async")
    assert row.alternative.price == "–"


def test_without_a_recommendation_it_is_the_fastest_that_was_fired() -> None:
    row = row_view(replace(ROW, best=None, word="leave it"))
    assert not row.recommended
    assert row.alternative
    assert row.alternative.lane == POOL.lane
    only_predicted = row_view(replace(ROW, best=None, alternatives=(UNFIRED,)))
    assert only_predicted.alternative is None
    assert len(only_predicted.alternatives) == 1


def test_predicted_is_beside_measured_with_ratio_and_interval() -> None:
    alternative = row_view(ROW).alternative
    assert alternative
    assert (alternative.ratio, alternative.interval) == ("3.6× faster", "3.3–3.7")
    assert (alternative.predicted, alternative.measured) == ("412/s", "398/s")
    assert alternative.deviation == "+3.6 %"
    assert alternative.price == "+34 MiB, −0.083 ms CPU"
    assert (alternative.predicted_p95, alternative.measured_p95) == ("78.1 ms", "81.0 ms")
    assert alternative.answer == ""


def test_a_ratio_that_decides_nothing_has_its_answer() -> None:
    undecided = replace(POOL, ratio=0.99, interval=(0.9, 1.1), answer="no-difference")
    row = row_view(replace(ROW, alternatives=(undecided,), best=None))
    assert row.alternative
    assert row.alternative.answer == "no difference"


def test_a_stand_in_is_of_the_family_of_its_code() -> None:
    stand_in = replace(AWAITED, lane="sync@gunicorn-gthread:threads=32", stand_in=True)
    row = row_view(replace(ROW, alternatives=(stand_in,), best=stand_in.lane, word="async"))
    assert row.alternative
    assert row.alternative.stand_in
    assert row.alternative.family == "sync"


def test_a_waiting_row_is_empty_and_a_refused_one_has_its_reason() -> None:
    bare = SurveyRow(
        scenario="orders",
        variant="sync",
        title="Orders",
        view="/orders/",
        family="sync",
        lane=ROW.lane,
        state="waiting",
        weight=1.0,
    )
    waiting = row_view(bare)
    assert not waiting.measured
    assert (waiting.p95, waiting.alone, waiting.word, waiting.run) == ("", "", "", "")
    assert waiting.state_word == "queued"
    refused = row_view(replace(bare, state="not-fired", why="the survey was stopped"))
    assert refused.state_word == "not fired"
    assert refused.why == "the survey was stopped"
