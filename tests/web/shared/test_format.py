"""Durations are written as the browser writes them: tests/golden/durations.json holds for both."""

from __future__ import annotations

import json
from math import nan
from pathlib import Path

import pytest

from dashboard.web.shared.format import format_ms, format_ratio, format_s
from tests import golden

GOLDEN = Path(golden.__file__).parent / "durations.json"


@pytest.mark.parametrize(("value_ms", "text"), json.loads(GOLDEN.read_text()))
def test_durations_have_three_significant_digits_and_one_unit(value_ms: float, text: str) -> None:
    assert format_ms(value_ms) == text
    assert format_s(value_ms / 1000) == text


def test_an_unknown_duration_is_a_dash() -> None:
    assert {format_ms(None), format_ms(nan), format_s(None), format_s(nan)} == {"–"}


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (None, "–"),
        (1, "1.00×"),
        (1.0034, "1.003×"),
        (0.9996, "0.9996×"),
        (0.19634, "0.196×"),
        (5.118, "5.12×"),
        (104.2, "104×"),
        (61234, "61200×"),
        (0.00001234, "0.0000123×"),
    ],
)
def test_a_ratio_has_three_significant_digits_and_never_reads_1_by_rounding(
    ratio: float | None, text: str
) -> None:
    assert format_ratio(ratio) == text
