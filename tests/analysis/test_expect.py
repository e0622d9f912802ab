"""Expectations: what can be said, and what is refused."""

from __future__ import annotations

import pytest

from dashboard.analysis.expect import Expectation
from dashboard.wire.errors import InvalidPlan

REPORT = {
    "lanes": [
        {
            "lane": "sync@gunicorn-sync",
            "ok": 10,
            "makespan_s": [1.0, 4.0, 2.0],
            "latency_ms": {"p50": 100.0, "p99": None},
            "service_ms": {"p50": 90.0},
            "server_side": {"peak_in_app": 1},
        },
        {"lane": "async@daphne", "makespan_s": [0.5], "server_side": {"peak_in_app": 40}},
    ]
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("sync@gunicorn-sync.peak_in_app < 2", True),
        ("sync@gunicorn-sync.peak_in_app > 2", False),
        ("sync@gunicorn-sync.makespan_s > 1.9", True),
        ("sync@gunicorn-sync.makespan_s < 2.1", True),
        ("async@daphne.makespan_s / sync@gunicorn-sync.makespan_s < 0.26", True),
        ("async@daphne.makespan_s < sync@gunicorn-sync.makespan_s", True),
        ("sync@gunicorn-sync.latency_ms.p50 > 99", True),
        ("sync@gunicorn-sync.latency_ms.p99 < 1e9", False),
    ],
)
def test_point_values_decide(text: str, holds: bool) -> None:
    assert Expectation.parse(text).holds(REPORT) is holds


@pytest.mark.parametrize(
    "text", ["", "a < 1", "sync@daphne < 1", "sync@daphne.ok = 1", "sync@daphne.ok < x", "<"]
)
def test_what_is_no_expectation_is_refused(text: str) -> None:
    with pytest.raises(InvalidPlan, match=r"LANE\.METRIC"):
        Expectation.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("other@daphne.ok > 1", "expected a lane of"),
        ("sync@gunicorn-sync.nothing > 1", "expected a metric, one of ok"),
        ("sync@gunicorn-sync.p50 > 1", "latency_ms.p50, service_ms.p50"),
    ],
)
def test_an_unknown_name_is_refused_with_what_there_is(text: str, message: str) -> None:
    with pytest.raises(InvalidPlan, match=message):
        Expectation.parse(text).holds(REPORT)
