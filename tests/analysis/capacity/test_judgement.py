"""Whether a rate was held, and what had run out where it was not."""

from __future__ import annotations

from typing import Any, cast

import pytest

from dashboard.analysis.capacity.judgement import Limits, judged
from dashboard.analysis.capacity.knee import cores_used, knee_of
from dashboard.wire.report.lanes import LaneReport

LIMITS = Limits(rate_rps=300, p95_ms=200, error_share=0.001, memory_mb=512)


def lane(**changed: Any) -> LaneReport:
    """Return the parts of a lane's report that decide, with these changed."""
    report = {
        "requests": 1000,
        "ok": 1000,
        "response_p95_ms": [150.0, 160.0, 170.0],
        "rate": {"offered_rps": 300.0, "achieved_rps": 299.0, "keeps_up": True},
    }
    side = {"peak_rss_mb": 310.0, "cpu_ms_per_request": 2.0, "peak_in_app": 5}
    side |= {name: changed.pop(name) for name in list(changed) if name in side}
    return cast(LaneReport, {**report, "server_side": side, **changed})


@pytest.mark.parametrize(
    ("changed", "held", "why"),
    [
        ({}, True, ""),
        ({"ok": 998}, False, "0.2 % of the requests failed"),
        ({"ok": 999}, True, ""),
        ({"requests": 0, "ok": 0}, False, "100 % of the requests failed"),
        ({"rate": {"keeps_up": False}}, False, "its backlog grew"),
        ({"rate": {"keeps_up": None}}, True, ""),
        ({"peak_rss_mb": 600.0}, False, "it used 600 MiB"),
        ({"peak_rss_mb": None}, True, ""),
        ({"response_p95_ms": [250.0, 201.0, 300.0]}, False, "p95 300 ms"),
        ({"response_p95_ms": [150.0, 250.0, 160.0]}, None, "p95 250 ms in 1 of 3 rounds"),
        ({"response_p95_ms": []}, None, "no round has enough requests for a p95"),
    ],
)
def test_each_limit_decides(changed: dict[str, Any], held: bool | None, why: str) -> None:
    judgement = judged(lane(**changed), LIMITS)
    assert (judgement.held, judgement.why) == (held, why)


def test_cores_are_cpu_time_per_second() -> None:
    assert cores_used(lane(cpu_ms_per_request=4.0)) == pytest.approx(1.196)
    assert cores_used(lane(cpu_ms_per_request=None)) is None


@pytest.mark.parametrize(
    ("changed", "knee"),
    [
        ({"cpu_ms_per_request": 6.0, "peak_in_app": 16}, "cpu"),
        ({"peak_in_app": 16}, "threads"),
        ({"peak_rss_mb": 600.0}, "memory"),
        ({"ok": 900}, "errors"),
        ({}, "waiting"),
    ],
)
def test_the_knee_is_what_ran_out(changed: dict[str, Any], knee: str) -> None:
    assert knee_of(lane(**changed), LIMITS, computing=2, threads=16) == knee
