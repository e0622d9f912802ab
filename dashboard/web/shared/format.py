"""Numbers as the page writes them; static/js/shared/format.js writes durations alike."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from dashboard.analysis.text.numbers import aligned_milliseconds, times
from dashboard.wire.units import MS_PER_S

UNKNOWN = "–"
LETTERS = "ABCDEF"  # of the lanes, by position


def format_ms(value_ms: float | None) -> str:
    """Return a duration for a table or a chart: 84.0 ms, 1.28 s; a dash for None and NaN."""
    return UNKNOWN if value_ms is None or isnan(value_ms) else aligned_milliseconds(value_ms)


def format_s(value_s: float | None) -> str:
    """Return a duration given in seconds, like `format_ms`."""
    return format_ms(None if value_s is None else value_s * MS_PER_S)


def format_ratio(ratio: float | None) -> str:
    """Return a ratio with three significant digits: 0.196×, 5.12×, 61200×.

    More digits follow where three would round a ratio that is not 1 to 1.
    """
    if ratio is None:
        return UNKNOWN
    text = f"{ratio:#.3g}".rstrip(".")
    if "e" in text:
        text = f"{float(text):.0f}" if ratio > 1 else f"{ratio:.7f}"
    return f"{text if ratio == 1 or float(text) != 1 else times(ratio)}×"


def format_interval(interval: Sequence[float] | None) -> str:
    """Return an interval of ratios: *0.185 to 0.212*; empty for None."""
    if not interval:
        return ""
    low, high = (format_ratio(bound).removesuffix("×") for bound in interval)
    return f"{low} to {high}"


def format_estimate(value_s: float) -> str:
    """Return an estimate with no digits to spare: 0.3 s, 4.5 s, 38 s, 5 min."""
    if value_s >= 120:
        return f"{value_s / 60:.0f} min"
    return f"{value_s:.0f} s" if value_s >= 10 else f"{value_s:.1f} s"


def format_number(value: float | None, form: str) -> str:
    """Return a number in a format such as `{:,.0f} MB`, or a dash for None and NaN."""
    return UNKNOWN if value is None or isnan(value) else form.format(value)
