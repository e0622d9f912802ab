"""Expectations: what is parsed, judged and refused."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.analysis.report.expectations import Expectation
from dashboard.analysis.report.metrics import KNOWN, check_metric, find_metric, numbers_of
from dashboard.wire.errors import InvalidPlan
from tests.analysis.planted import Planted, pool, report_of

REPORT: Any = {
    "lanes": [
        {
            "lane": "sync@gunicorn-sync",
            "requests": 10,
            "ok": 10,
            "makespan_s": [1.0, 4.0, 2.0],
            "latency_ms": {"p50": 100.0, "p99": None},
            "service_ms": {"p50": 90.0},
            "server_side": {"peak_in_app": 1},
            "neighbour": {"ok": 3, "latency_ms": {"p50": 7.0}},
        },
        {
            "lane": "async@daphne",
            "requests": 10,
            "ok": 10,
            "makespan_s": [0.5],
            "server_side": {"peak_in_app": 40},
        },
    ],
    "verdict": None,
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
        ("sync@gunicorn-sync.ok > 9", True),
        ("sync@gunicorn-sync.neighbour.ok > 9", False),
        ("sync@gunicorn-sync.neighbour.latency_ms.p50 < 8", True),
    ],
)
def test_point_values_decide(text: str, holds: bool) -> None:
    assert Expectation.parse(text).holds(REPORT) is holds


COUNTED: Any = {
    "lanes": [
        {"lane": lane, "server_side": {"cpu_ms": cpu, "cpu_ms_uncertainty": uncertainty}}
        for lane, cpu, uncertainty in (
            *(("a@daphne", 10.0, 2.0), ("b@daphne", 20.0, 4.0)),
            *(("exact@daphne", 5.0, 0.0), ("unknown@daphne", 50.0, None)),
        )
    ],
    "verdict": None,
}


@pytest.mark.parametrize(
    ("text", "holds", "interval"),
    [
        ("a@daphne.cpu_ms < 12.5", True, (8, 12)),
        ("a@daphne.cpu_ms < 11", False, (8, 12)),
        ("a@daphne.cpu_ms > 9", False, (8, 12)),
        ("a@daphne.cpu_ms > 7", True, (8, 12)),
        ("a@daphne.cpu_ms < b@daphne.cpu_ms", True, (8, 12)),
        ("b@daphne.cpu_ms / a@daphne.cpu_ms > 1.3", True, (16 / 12, 3)),
        ("b@daphne.cpu_ms / a@daphne.cpu_ms > 1.5", False, (16 / 12, 3)),
        ("a@daphne.cpu_ms / exact@daphne.cpu_ms < 2.5", True, (1.6, 2.4)),
        ("exact@daphne.cpu_ms < 6", True, None),
        ("unknown@daphne.cpu_ms > 1", False, None),
        ("unknown@daphne.cpu_ms < 100", False, None),
        ("a@daphne.cpu_ms / unknown@daphne.cpu_ms < 1", False, None),
    ],
)
def test_what_is_known_up_to_an_uncertainty_must_hold_in_all_of_it(
    text: str, holds: bool, interval: tuple[float, float] | None
) -> None:
    judgement = Expectation.parse(text).judge(COUNTED)
    assert judgement.holds is holds
    assert judgement.interval == (None if interval is None else pytest.approx(interval))
    assert (judgement.warning is None) == (interval is not None)


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
        ("sync@gunicorn-sync.nothing > 1", "expected a metric, one of requests, ok"),
        ("sync@gunicorn-sync.p50 > 1", "latency_ms.p50, service_ms.p50"),
    ],
)
def test_an_unknown_name_is_refused_with_what_there_is(text: str, message: str) -> None:
    with pytest.raises(InvalidPlan, match=message):
        Expectation.parse(text).holds(REPORT)


def with_interval(low: float, high: float) -> Any:
    comparison = {"lane": "async@daphne", "answer": "differs", "interval": [low, high]}
    verdict = {
        "metric": "makespan_s",
        "rule": "fixed",
        "baseline": "sync@gunicorn-sync",
        "comparisons": [comparison],
    }
    return {**REPORT, "verdict": verdict}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("async@daphne.makespan_s / sync@gunicorn-sync.makespan_s < 0.3", True),
        ("async@daphne.makespan_s / sync@gunicorn-sync.makespan_s < 0.26", False),
        ("sync@gunicorn-sync.makespan_s / async@daphne.makespan_s > 3.5", True),
        ("sync@gunicorn-sync.makespan_s / async@daphne.makespan_s > 3.9", False),
        ("async@daphne.makespan_s < sync@gunicorn-sync.makespan_s", True),
    ],
)
def test_the_whole_interval_must_hold_where_one_is_known(text: str, holds: bool) -> None:
    judgement = Expectation.parse(text).judge(with_interval(0.2, 0.28))
    assert judgement.holds is holds
    assert judgement.interval is not None
    assert judgement.warning is None


def test_a_lead_whose_interval_reaches_one_does_not_hold() -> None:
    text = "async@daphne.makespan_s < sync@gunicorn-sync.makespan_s"
    assert not Expectation.parse(text).judge(with_interval(0.2, 1.1)).holds


def test_a_point_value_carries_a_warning() -> None:
    judgement = Expectation.parse("async@daphne.peak_in_app > 20").judge(with_interval(0.2, 0.3))
    assert judgement.holds
    assert judgement.interval is None
    assert "point value" in str(judgement.warning)


def test_two_lanes_that_are_no_baseline_have_their_own_interval() -> None:
    spans = {"a@x": [9.0] * 6, "b@x": [1.0, 1.1, 1.0, 1.1, 1.0, 1.1], "c@x": [2.0] * 6}
    comparisons = [
        {"lane": lane, "answer": "differs", "interval": [0.1, 0.3]} for lane in ("b@x", "c@x")
    ]
    report: Any = {
        "rounds": 6,
        "lanes": [
            {"lane": lane, "requests": 6, "ok": 6, "makespan_s": span}
            for lane, span in spans.items()
        ],
        "verdict": {
            "metric": "makespan_s",
            "rule": "fixed",
            "baseline": "a@x",
            "comparisons": comparisons,
        },
    }
    judgement = Expectation.parse("b@x.makespan_s / c@x.makespan_s < 0.6").judge(report)
    assert judgement.interval == pytest.approx((0.497, 0.553), abs=0.002)
    assert judgement.holds
    report["rounds"] = 7
    assert Expectation.parse("b@x.makespan_s / c@x.makespan_s < 0.6").judge(report).interval is None


def failing(errors: dict[str, int], requests: int = 10) -> Any:
    lane = {"lane": "sync@daphne", "requests": requests, "errors": errors, "neighbour": None}
    return {"lanes": [lane], "verdict": None}


@pytest.mark.parametrize("error", ["http-500", "http-404", "timeout", "no-descriptors"])
def test_errors_are_a_total_and_each_kind_is_0_unless_it_happened(error: str) -> None:
    for errors_, kind in (({}, 0), ({error: 3}, 3), ({error: 3, "reset": 4}, 3)):
        report, total = failing(errors_), sum(errors_.values())
        for name, count in (("errors", total), (f"errors.{error}", kind), (error, kind)):
            metric = Expectation.parse(f"sync@daphne.{name} < 1")
            metric.check_metrics()
            assert metric.left.value(report) == count
            assert metric.holds(report) is (count < 1)


def test_no_request_is_no_proof_that_none_fails() -> None:
    assert not Expectation.parse("sync@daphne.errors < 1").holds(failing({}, requests=0))


def test_what_is_not_in_this_report_is_not_known() -> None:
    expectation = Expectation.parse("sync@daphne.neighbour.errors < 1")
    judgement = expectation.judge(failing({}))
    assert (judgement.holds, judgement.value) == (False, None)


@pytest.mark.parametrize(
    "metric", ["nothing", "errors.http", "errors.http-5", "errors.tiemout", "p95", "latency_ms"]
)
def test_an_unknown_metric_is_refused_without_a_report(metric: str) -> None:
    with pytest.raises(InvalidPlan, match="expected a metric, one of"):
        Expectation.parse(f"sync@daphne.{metric} < 1").check_metrics()


def test_every_number_of_a_report_is_known_before_there_is_one() -> None:
    report = report_of([Planted("sync@gunicorn-sync", pool(1, 10.0))], requests=20)
    (lane,) = report["lanes"]
    lane["errors"], lane["skipped"] = {"http-503": 1, "reset": 2}, {"200": 3}
    groups = {name.split(".")[0] for name in KNOWN}
    for path in numbers_of(lane):
        if path not in groups:  # the whole of it is null in this run
            check_metric(path)
            assert find_metric(path, lane)[0] == path
    for whole in KNOWN:
        assert find_metric(whole, lane)[0] == whole
