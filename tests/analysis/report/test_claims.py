"""A claim's verdict: the rule, and that it never states more than its run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.report.claims import decide, kind_of
from dashboard.analysis.report.expectations import Expectation
from dashboard.analysis.text.claims import (
    limit_text,
    metric_label,
    value_text,
    verdict_lines,
    verdict_text,
)
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.experiments.claim_verdict import ClaimVerdict, Finding
from tests.analysis.planted import Planted, at_once, pool, report_of

BASE, LANE, THIRD = "sync@gunicorn-gthread", "async@daphne", "sync@daphne"
RATIO = f"{LANE}.makespan_s / {BASE}.makespan_s"
held = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=6)


def planted(base_ms: float = 100, lane_ms: float = 100, rounds: int = 6, **context: Any) -> Any:
    """Return the report of a pool of eight, and of two lanes that take all requests at once."""
    lanes = [
        Planted(BASE, pool(8, base_ms), health={"peak_in_app": 8}),
        Planted(LANE, at_once(lane_ms), health={"peak_in_app": 40}),
        Planted(THIRD, at_once(100), health={"peak_in_app": 40}),
    ]
    return report_of(lanes, requests=40, rounds=rounds, **context)


def only(verdict: ClaimVerdict) -> Finding:
    (finding,) = verdict.findings
    return finding


@given(held)
def test_a_verdict_is_the_one_that_stays_however_the_undecided_turn_out(
    findings: list[bool | None],
) -> None:
    def outcomes(rest: list[bool | None]) -> set[str]:
        if None not in rest:
            return {kind_of(rest)}
        at = rest.index(None)
        return outcomes([*rest[:at], True, *rest[at + 1 :]]) | outcomes(
            [*rest[:at], False, *rest[at + 1 :]]
        )

    possible = outcomes(findings)
    assert kind_of(findings) == (possible.pop() if len(possible) == 1 else "not-shown")


@given(held)
def test_the_rule_for_a_claim(findings: list[bool | None]) -> None:
    kind = kind_of(findings)
    assert (kind == "holds") == all(findings)
    assert (kind == "does-not-hold") == all(holds is False for holds in findings)
    if kind == "not-shown":
        assert None in findings


@pytest.mark.parametrize(
    ("expectations", "kind"),
    [
        ([f"{RATIO} < 0.5"], "holds"),
        ([f"{BASE}.makespan_s > {LANE}.makespan_s"], "holds"),
        ([f"{RATIO} > 1"], "does-not-hold"),
        ([f"{BASE}.peak_in_app < 2", f"{LANE}.peak_in_app < 2"], "does-not-hold"),
        ([f"{BASE}.peak_in_app < 9", f"{LANE}.peak_in_app < 9"], "holds-only-when"),
        ([f"{BASE}.peak_in_app < 9", f"{LANE}.p99 < 9"], "not-shown"),
        ([f"{LANE}.makespan_s < {THIRD}.makespan_s"], "does-not-hold"),
        ([f"{LANE}.makespan_s / {THIRD}.makespan_s < 1.03"], "holds"),
        ([f"{LANE}.latency_ms.p50 / {BASE}.latency_ms.p50 < 0.5"], "holds"),
        ([f"{LANE}.latency_ms.p50 < {THIRD}.latency_ms.p50"], "not-shown"),
        ([f"{LANE}.throughput_rps > {BASE}.throughput_rps"], "not-shown"),
    ],
)
def test_a_run_decides_each_expectation(expectations: list[str], kind: str) -> None:
    assert decide(expectations, planted()).kind == kind


def test_the_number_behind_a_verdict_is_part_of_it() -> None:
    report = planted()
    (comparison, _) = report["verdict"]["comparisons"]
    ratio = only(decide([f"{LANE}.makespan_s < {BASE}.makespan_s"], report))
    assert (ratio.lane, ratio.against, ratio.metric) == (LANE, BASE, "makespan_s")
    assert (ratio.interval, ratio.limit) == (tuple(comparison["interval"]), 1.0)
    assert ratio.value == pytest.approx(comparison["ratio"])
    peak = only(decide([f"{BASE}.peak_in_app < 2"], report))
    assert (peak.value, peak.interval, peak.limit, peak.holds) == (8, None, 2.0, False)
    assert peak.to_json()["value"] == 8


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"no_verdict_reason": "the engine was late"}, "the engine was late"),
        ({"rounds": 4}, "first look"),
        ({"instrument": {"saturated": True}}, "load generator was at its limit"),
    ],
)
def test_what_the_run_does_not_trust_decides_nothing(changes: dict[str, Any], why: str) -> None:
    verdict = decide([f"{RATIO} < 0.5"], planted(**changes))
    assert verdict.kind == "not-shown"
    assert why in only(verdict).why


def test_the_fault_of_one_lane_counts_for_that_lane_alone() -> None:
    fault = f"{THIRD}, round 2: the server's backlog overflowed 3 times."
    report = planted(no_verdict_reason=fault, faults={THIRD: fault})
    answers = [comparison["answer"] for comparison in report["verdict"]["comparisons"]]
    assert answers == ["differs", "not-trusted"]
    sentence = report["verdict"]["sentence"]
    assert sentence.startswith(f"{LANE} was ")
    assert f"No verdict on {THIRD}. {fault}" in sentence
    assert sentence.count("not to be trusted") == 1
    expectations = [
        f"{RATIO} < 0.5",
        f"{BASE}.latency_ms.p50 > 100",
        f"{THIRD}.makespan_s < {BASE}.makespan_s",
    ]
    verdict = decide(expectations, report)
    assert [finding.holds for finding in verdict.findings] == [True, True, None]
    assert verdict.findings[2].why == fault
    # Whatever is compared with a faulty baseline is concerned.
    report = planted(no_verdict_reason="It ended.", faults={BASE: "It ended."})
    assert {each["answer"] for each in report["verdict"]["comparisons"]} == {"not-trusted"}
    assert report["verdict"]["sentence"].startswith("No verdict. It ended.")
    held = [f"{THIRD}.makespan_s > 0.05", f"{RATIO} < 0.5"]
    assert [finding.holds for finding in decide(held, report).findings] == [True, None]


def test_lateness_at_one_lane_counts_for_that_lane_alone() -> None:
    report = planted(
        disturbed_reason="It was late.", disturbed_at=[LANE], instrument={"saturated": True}
    )
    expectations = [f"{BASE}.latency_ms.p50 > 100", f"{LANE}.latency_ms.p50 > 90"]
    findings = decide(expectations, report).findings
    assert [finding.holds for finding in findings] == [True, None]
    assert findings[1].why == "It was late."


@pytest.mark.parametrize(
    ("expectation", "holds"),
    [("> 7", True), ("< 8", False), ("< 9", None), ("> 9", None)],
)
def test_a_peak_above_its_limit_was_seen_however_late_the_engine_was(
    expectation: str, holds: bool | None
) -> None:
    report = planted(no_verdict_reason="the engine was late")
    for metric in ("peak_in_app", "server_side.peak_in_app"):
        assert only(decide([f"{BASE}.{metric} {expectation}"], report)).holds is holds


@pytest.mark.parametrize("status", ["stopped", "failed", "interrupted"])
def test_a_run_that_did_not_finish_decides_nothing(status: str) -> None:
    report: Any = {**planted(), "status": status}
    verdict = decide([f"{BASE}.peak_in_app < 9"], report)
    assert verdict.kind == "not-shown"
    assert status in only(verdict).why


def test_a_lane_that_fails_has_counts_and_no_times() -> None:
    report = planted()
    report["lanes"][1] |= {"ok": 3, "errors": {"500": 237}}
    for expectation in (f"{LANE}.latency_ms.p50 < 1e6", f"{LANE}.peak_in_app > 1"):
        assert "more than 1 %" in only(decide([expectation], report)).why
    assert decide([f"{LANE}.ok < 4", f"{BASE}.peak_in_app < 9"], report).kind == "holds"


def test_an_unknown_metric_is_undecided_and_the_metrics_are_listed() -> None:
    finding = only(decide([f"{BASE}.speed > 1"], planted()))
    assert finding.holds is None
    assert "expected a metric, one of" in finding.why


def test_no_expectation_at_all_is_refused() -> None:
    with pytest.raises(InvalidPlan, match=r"LANE\.METRIC"):
        decide(["it is faster"], planted())


def with_answer(low: float, high: float, margin: float) -> Any:
    """Return a report with this interval for LANE and BASE, and the answer that follows."""
    middle = float(np.sqrt(low * high))
    inside = low >= 1 / (1 + margin) and high <= 1 + margin
    answer = "no-difference" if inside else "differs" if low > 1 or high < 1 else "undecided"
    comparison = {"lane": LANE, "answer": answer, "ratio": middle, "interval": [low, high]}
    lane = {"requests": 10, "ok": 10, "errors": {}, "rate": None}
    return {
        "status": "finished",
        "rounds": 6,
        "instrument": None,
        "lanes": [
            {"lane": BASE, "makespan_s": [1.0] * 6, **lane},
            {"lane": LANE, "makespan_s": [middle] * 6, **lane},
        ],
        "verdict": {
            "metric": "makespan_s",
            "rule": "fixed",
            "baseline": BASE,
            "margin": margin,
            "spoiled": None,
            "comparisons": [comparison],
        },
    }


@given(
    st.floats(0.2, 5),
    st.floats(0, 0.5),
    st.sampled_from([0.01, 0.03, 0.1]),
    st.one_of(st.just(1.0), st.floats(0.3, 3)),
    st.booleans(),
)
def test_a_verdict_never_contradicts_its_run(
    low: float, wide: float, margin: float, limit: float, less: bool
) -> None:
    report = with_answer(low, low * (1 + wide), margin)
    answer = report["verdict"]["comparisons"][0]["answer"]
    text = f"{RATIO} {'<' if less else '>'} {limit!r}"
    finding = only(decide([text], report))
    asks_for_difference = limit <= 1 if less else limit >= 1
    if finding.holds:
        assert Expectation.parse(text).holds(report)
        if asks_for_difference:
            assert answer == "differs"
    if answer == "no-difference" and asks_for_difference:
        assert finding.holds is False
    if answer == "undecided" and limit == 1:
        assert finding.holds is None
    if answer == "differs" and limit == 1:
        assert finding.holds is ((low < 1) == less)
    if finding.holds is False and not asks_for_difference:
        assert not Expectation.parse(text).holds(report)


@given(st.floats(10, 200), st.floats(0.5, 20))
def test_a_claim_of_more_speed_agrees_with_the_run(base_ms: float, faster: float) -> None:
    report = planted(base_ms=base_ms, lane_ms=base_ms * 5 / faster)
    comparison = report["verdict"]["comparisons"][0]
    kind = decide([f"{LANE}.makespan_s < {BASE}.makespan_s"], report).kind
    sooner = comparison["answer"] == "differs" and comparison["ratio"] < 1
    later = comparison["answer"] == "differs" and comparison["ratio"] > 1
    if sooner:
        assert kind == "holds"
    elif later or comparison["answer"] == "no-difference":
        assert kind == "does-not-hold"
    else:
        assert kind == "not-shown"


def spoken(expectation: str, **changes: Any) -> tuple[str, str, str]:
    finding = replace(only(decide([expectation], planted())), **changes)
    return metric_label(finding.metric), value_text(finding), limit_text(finding)


@pytest.mark.parametrize(
    ("expectation", "words"),
    [
        (f"{BASE}.peak_in_app < 2", ("peak requests in the application", "8", "below 2")),
        (f"{BASE}.makespan_s > 0.25", ("total time", "504 ms", "above 250 ms")),
        (f"{BASE}.latency_ms.p50 < 2", ("response time, p50", "302 ms", "below 2 ms")),
        (f"{BASE}.latency_ms.p99 < 2", ("response time, p99", "512 ms", "below 2 ms")),
        (f"{BASE}.server_side.peak_rss_mb < 90", ("peak memory", "–", "below 90 MiB")),
        (f"{BASE}.throughput_rps > 1000", ("throughput", "79.4/s", "above 1,000/s")),
    ],
)
def test_a_number_has_its_unit(expectation: str, words: tuple[str, str, str]) -> None:
    assert spoken(expectation) == words


def test_a_metric_of_the_bystander_is_labelled() -> None:
    assert metric_label("neighbour.latency_ms.p95") == "bystander: response time, p95"


def test_a_ratio_has_its_interval() -> None:
    words = spoken(f"{RATIO} < 0.5", value=0.2, interval=(0.19, 0.2101))
    assert words == ("total time", "5.0× faster (4.8–5.3)", "more than 2× faster")
    close = spoken(f"{RATIO} < 1", value=1.004, interval=(0.9983, 1.0101))
    assert close == ("total time", "0.4 % longer (−0.17 to +1 %)", "less time")


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("< 0.5", "more than 2× faster"),
        ("< 0.9", "more than 10 % less time"),
        ("< 1.1", "less than 10 % longer"),
        ("< 2", "less than 2× as long"),
        ("> 1", "more time"),
        ("> 2", "more than 2× as long"),
        ("> 0.5", "at most 2× faster"),
    ],
)
def test_what_is_expected_of_a_ratio_is_in_its_words(condition: str, words: str) -> None:
    assert spoken(f"{RATIO} {condition}")[2] == words


def test_a_ratio_of_amounts_is_not_faster() -> None:
    finding = only(decide([f"{RATIO} < 0.5"], planted()))
    memory = replace(finding, metric="server_side.peak_rss_mb", value=1.9, interval=None)
    assert (value_text(memory), limit_text(memory)) == ("1.9× as much", "more than 50 % less")
    less = replace(memory, value=0.9, interval=(0.85, 0.95), limit=1)
    assert (value_text(less), limit_text(less)) == ("10 % less (−15 to −5 %)", "less")


@pytest.mark.parametrize(
    ("expectations", "words"),
    [
        ([f"{RATIO} < 0.5"], "True here"),
        ([f"{RATIO} > 1"], "Not true here"),
        ([f"{BASE}.p99 > 1", f"{BASE}.speed > 1"], "Undecided here"),
        ([f"{BASE}.peak_in_app < 9", f"{LANE}.peak_in_app < 9"], f"True only for {BASE}"),
        (
            [f"{RATIO} < 0.5", f"{LANE}.makespan_s < {THIRD}.makespan_s"],
            f"True only for {LANE} against {BASE}",
        ),
        (
            [f"{LANE}.makespan_s < 1", f"{LANE}.peak_in_app < 9"],
            f"True only for {LANE} by total time",
        ),
    ],
)
def test_a_verdict_names_the_lanes_of_which_it_holds(expectations: list[str], words: str) -> None:
    assert verdict_text(decide(expectations, planted())) == words


def test_a_line_explains_why_a_ratio_below_1_does_not_hold() -> None:
    (finding,) = decide([f"{RATIO} < 1"], with_answer(0.98, 0.995, 0.03)).findings
    assert finding.holds is False
    assert finding.why == "no difference larger than 3 %"


def test_a_line_gives_the_reason_of_an_undecided_finding() -> None:
    verdict = decide([f"{RATIO} < 0.5"], planted(rounds=4))
    first, line = verdict_lines(verdict)
    assert first == "? Undecided here"
    assert line.startswith(f"  ? {LANE} against {BASE}: total time ")
    assert "× faster, expected more than 2× faster (fewer than five rounds" in line


def test_a_reason_that_all_findings_share_is_given_once() -> None:
    lines = [*verdict_lines(decide([f"{RATIO} < 0.5", f"{RATIO} > 2"], planted(rounds=4)))]
    assert [line.count("fewer than five rounds") for line in lines] == [0, 0, 0, 1]
