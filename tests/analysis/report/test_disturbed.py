"""A disturbed run is judged by its worst case and marked wherever it is shown."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.analysis.inference.crossover import level_of
from dashboard.analysis.report.claim_doubts import why_not_trusted
from dashboard.analysis.report.claims import decide
from dashboard.analysis.report.expectations import Expectation
from dashboard.analysis.report.report import first_look
from dashboard.analysis.samples.lateness import Lateness
from dashboard.analysis.text.markdown import markdown
from dashboard.runs.experiments.matrix_table import _compared, why_no_plain_ratio
from dashboard.runs.reports.wording import warnings
from dashboard.web.run.lane_rows import _compared as cells_of_comparison
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.planted import Planted, at_once, pool, report_of

BASE, LANE, THIRD = "sync@gunicorn-gthread", "async@daphne", "sync@daphne"
RATIO = f"{LANE}.makespan_s / {BASE}.makespan_s"
OTHERS = f"{LANE}.makespan_s / {THIRD}.makespan_s"
WHY = "The engine was at its limit: it was late."


def disturbed(late_ms: float | None, rounds: int = 6, **context: Any) -> Any:
    """Return a report of lanes of 500, 100 and 300 ms, each firing late by this much, if known."""
    lanes = [
        Planted(BASE, pool(8, 100), health={"peak_in_app": 8}),
        Planted(LANE, at_once(100), health={"peak_in_app": 40}),
        Planted(THIRD, at_once(300), health={"peak_in_app": 40}),
    ]
    late = {}
    if late_ms is not None:
        firing = Lateness(((0, round(late_ms * MS)),), 0, 600 * MS)
        late = dict.fromkeys(range(1, rounds + 1), firing)
    facts: dict[str, Any] = {"disturbed_reason": WHY, "lateness": [late] * 3, "warnings": [WHY]}
    facts |= {"instrument": {"saturated": True, "steal_percent": 0}, **context}
    return report_of(lanes, requests=40, rounds=rounds, **facts)


def compared(report: Any) -> dict[str, Any]:
    comparison: dict[str, Any] = report["verdict"]["comparisons"][0]
    return comparison


def test_the_worst_case_is_what_decides() -> None:
    plain, little, much = disturbed(0, disturbed_reason=None), disturbed(20), disturbed(50)
    assert [compared(result)["answer"] for result in (plain, little, much)] == ["differs"] * 3
    lows, highs = zip(
        *(compared(result)["interval"] for result in (plain, little, much)), strict=True
    )
    assert list(lows) == sorted(lows, reverse=True)
    assert list(highs) == sorted(highs)
    assert compared(little)["measured_interval"] == pytest.approx(compared(plain)["interval"])
    assert compared(plain)["measured_interval"] is plain["verdict"]["disturbed"] is None
    assert [lane["worst_case"] for lane in plain["lanes"]] == [None] * 3


@pytest.mark.parametrize(
    ("late_ms", "rounds", "text", "holds"),
    [
        (20, 6, f"{RATIO} < 0.4", True),
        (50, 6, f"{RATIO} < 0.4", False),  # as it was measured it would hold
        (50, 6, f"{RATIO} < 1", True),
        (50, 6, f"{BASE}.makespan_s > {LANE}.makespan_s", True),
        (None, 6, f"{RATIO} < 1", False),  # unknown by how much
        (20, 3, f"{RATIO} < 0.4", True),
        (50, 3, f"{RATIO} < 0.3", False),
        (50, 3, f"{LANE}.makespan_s < {BASE}.makespan_s", True),
        (None, 3, f"{RATIO} < 1", False),
        (20, 6, f"{OTHERS} < 0.5", True),
        (50, 6, f"{OTHERS} < 0.5", False),
        (50, 6, f"{OTHERS} < 1", True),
        (None, 6, f"{OTHERS} < 1", False),
    ],
)
def test_an_expectation_passes_on_the_worst_case_alone(
    late_ms: float | None, rounds: int, text: str, holds: bool
) -> None:
    report = disturbed(late_ms, rounds)
    assert Expectation.parse(text).holds(disturbed(0, 6, disturbed_reason=None))
    assert Expectation.parse(text).holds(report) is holds


@pytest.mark.parametrize(
    ("late_ms", "text", "kind"),
    [
        (20, f"{RATIO} < 0.4", "holds"),
        (50, f"{RATIO} < 0.25", "not-shown"),
        (20, f"{RATIO} > 0.9", "does-not-hold"),
        (None, f"{RATIO} < 1", "not-shown"),
        (20, f"{LANE}.latency_ms.p95 < 1000", "not-shown"),  # no worst case is known of it
        (20, f"{LANE}.peak_in_app > 9", "holds"),
    ],
)
def test_a_claim_is_judged_by_the_worst_case(late_ms: float | None, text: str, kind: str) -> None:
    verdict = decide([text], disturbed(late_ms))
    assert verdict.kind == kind
    if kind == "holds" and "/" in text:
        (finding,) = verdict.findings
        assert finding.value == pytest.approx(compared(disturbed(late_ms))["ratio"], rel=0.02)


@pytest.mark.parametrize(
    ("late_ms", "standing", "why"),
    [(20, "ahead", ""), (None, "undecided", "not-trusted"), (150, "undecided", "not-trusted")],
)
def test_a_sweep_uses_the_worst_case(late_ms: float | None, standing: str, why: str) -> None:
    report = disturbed(late_ms)
    level = level_of(1, report, LANE)
    assert (level.standing, level.why) == (standing, why)
    assert level.ratio == compared(report)["ratio"]


@pytest.mark.parametrize(
    ("late_ms", "words"), [(20, "Disturbed, so its"), (None, "Not to be trusted.")]
)
def test_a_matrix_shows_the_ratio_and_why_to_doubt_it(late_ms: float | None, words: str) -> None:
    report = disturbed(late_ms)
    why = why_no_plain_ratio(report, 1)
    assert _compared(report, 1)["ratio"] == pytest.approx(compared(report)["ratio"])
    assert why.startswith(words)
    assert WHY in why
    assert why_no_plain_ratio(disturbed(0, disturbed_reason=None), 1) == ""


@pytest.mark.parametrize(("late_ms", "word"), [(20, "disturbed"), (None, "not trusted")])
def test_table_and_markdown_mark_the_ratio(late_ms: float | None, word: str) -> None:
    report = disturbed(late_ms)
    ratio = first_look(report)[1]
    assert cells_of_comparison(report, LANE, ratio)["doubt"] == word
    assert cells_of_comparison(report, BASE, 1.0) == {"ratio": "baseline", "doubt": ""}
    (row,) = [line for line in markdown(report).splitlines() if line.startswith(f"| `{LANE}`")]
    assert f", {word} |" in row


def test_the_reason_is_said_once() -> None:
    report = disturbed(20)
    assert report["verdict"]["sentence"].count(WHY.rstrip(".")) == 1
    assert warnings(report) == []
    assert why_not_trusted(report) == WHY


def test_what_spoils_a_run_comes_before_what_disturbs_it() -> None:
    report = disturbed(20, no_verdict_reason="Its server ended.")
    assert report["verdict"]["sentence"].startswith("No verdict. Its server ended. Measured, but")
    assert {comparison["answer"] for comparison in report["verdict"]["comparisons"]} == {
        "not-trusted"
    }
    assert all(comparison["ratio"] for comparison in report["verdict"]["comparisons"])
    assert decide([f"{RATIO} < 1"], report).kind == "not-shown"
    assert warnings(report) == [WHY]
