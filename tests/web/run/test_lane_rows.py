"""The cells of the results table are the numbers of the report."""

from __future__ import annotations

from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.analysis.report.report import first_look
from dashboard.analysis.text.numbers import faster_or_slower
from dashboard.web.run.lane_rows import _numbers, _ratio, medians_differ
from dashboard.web.shared.format import format_ms, format_ratio, format_s
from tests.analysis.causes.test_causes import THREADS, free
from tests.analysis.planted import report_of

UNITS_MS = {"ms": 1, "s": 1000}


def read_ms(cell: str) -> float:
    number, unit = cell.split()
    return float(number) * UNITS_MS[unit]


def read_ratio(text: str) -> float:
    """Return the ratio of "7.3× faster", "1.9× as long", "12 % longer" or "12 % less time"."""
    number, _, words = text.replace("×", "").partition(" ")
    if "%" in words:
        return 1 + float(number) / (100 if "longer" in words else -100)
    if text == "as long":
        return 1
    return 1 / float(number) if "faster" in words else float(number)


@given(st.floats(0.0001, 10_000))
def test_a_formatted_ratio_stays_on_its_side_of_one_and_is_never_zero(ratio: float) -> None:
    shown = read_ratio(format_ratio(ratio))
    if abs(ratio - 1) > 1e-6:
        assert (shown > 1) == (ratio > 1)
        assert (shown < 1) == (ratio < 1)
    assert shown == pytest.approx(ratio, rel=0.06)


@given(st.floats(1, 100_000))
def test_a_formatted_duration_reads_back_as_its_value(value_ms: float) -> None:
    assert read_ms(format_ms(value_ms)) == pytest.approx(value_ms, rel=0.05)
    assert read_ms(format_s(value_ms / 1000)) == pytest.approx(value_ms, rel=0.05)


@settings(max_examples=10)
@given(view_ms=st.floats(5, 3000), requests=st.integers(20, 60), rounds=st.integers(1, 6))
def test_every_cell_is_the_number_of_the_report(view_ms: float, requests: int, rounds: int) -> None:
    report: Any = report_of([THREADS, free(view_ms)], requests, rounds)
    for lane, ratio in zip(report["lanes"], first_look(report), strict=True):
        cells = {**_numbers(lane), "ratio": _ratio(report, lane["lane"], ratio)}
        assert read_ms(cells["total_time"]) == pytest.approx(
            1000 * median(lane["makespan_s"]), rel=0.05
        )
        for name in ("p50", "p95"):
            assert read_ms(cells[name]) == pytest.approx(lane["latency_ms"][name], rel=0.05)
        assert cells["requests"] == f"{lane['requests']:,}"
        assert ratio is not None
        first = lane is report["lanes"][0]
        words = "baseline" if first else faster_or_slower(ratio).partition(" ")[2]
        assert cells["ratio"].endswith(words)
        if "×" in cells["ratio"]:
            shown = float(cells["ratio"].partition("×")[0])
            assert min(shown, 1 / shown) == pytest.approx(min(ratio, 1 / ratio), rel=0.05)
        cpu_ms = lane["server_side"]["cpu_ms_per_request"]
        assert read_ms(cells["cpu_per_request"]) == pytest.approx(cpu_ms, abs=0.006)


@pytest.mark.parametrize(
    ("first_s", "second_s", "differ"),
    [([1.0, 1.0, 1.0], [0.5, 0.5, 0.5], False), ([1.0, 2.0, 9.0], [1.0, 1.0, 1.0], True)],
)
def test_a_ratio_that_the_medians_contradict_is_known(
    first_s: list[float], second_s: list[float], differ: bool
) -> None:
    report: Any = report_of([THREADS, free()], 20, 3)
    paired = [b / a for a, b in zip(first_s, second_s, strict=True)]
    report["verdict"]["comparisons"][0]["ratio"] = float(np.exp(np.log(paired).mean()))
    for lane, times_s in zip(report["lanes"], (first_s, second_s), strict=True):
        lane["makespan_s"] = times_s
    assert medians_differ(report) is differ
