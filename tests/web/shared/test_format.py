"""Durations are written as the browser writes them: tests/golden/durations.json holds for both."""

from __future__ import annotations

import json
from math import nan
from pathlib import Path

import pytest

from dashboard.web.shared.format import format_interval, format_ms, format_ratio, format_s
from tests import golden

GOLDEN = Path(golden.__file__).parent / "durations.json"


@pytest.mark.parametrize(("value_ms", "text"), json.loads(GOLDEN.read_text()))
def test_durations_have_three_significant_digits_and_one_unit(value_ms: float, text: str) -> None:
    assert format_ms(value_ms) == text
    assert format_s(value_ms / 1000) == text


def test_an_unknown_duration_is_a_dash() -> None:
    assert {format_ms(None), format_ms(nan), format_s(None), format_s(nan)} == {"–"}


@pytest.mark.parametrize(
    ("ratio", "interval", "text", "ends"),
    [
        (None, None, "–", ""),
        (1, None, "as long", ""),
        (1.0034, None, "0.34 % longer", ""),
        (0.9996, None, "0.04 % less time", ""),
        (1 / 7.3, [1 / 7.8, 1 / 6.9], "7.3× faster", "6.9–7.8"),
        (5.118, None, "5.1× as long", ""),
        (1.12, [1.1, 1.14], "12 % longer", "10–14 %"),
    ],
)
def test_a_ratio_is_in_words_and_its_interval_in_their_unit(
    ratio: float | None, interval: list[float] | None, text: str, ends: str
) -> None:
    assert format_ratio(ratio, interval) == text
    assert format_interval(ratio, interval) == ends
