"""Numbers as the page writes them; static/js/shared/format.js writes durations alike."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from dashboard.analysis.text.numbers import aligned_milliseconds, with_ends
from dashboard.wire.units import MS_PER_S

UNKNOWN = "–"
LETTERS = "ABCDEF"  # of the lanes, by position


def format_ms(value_ms: float | None) -> str:
    """Return a duration for a table or a chart: 84.0 ms, 1.28 s; a dash for None and NaN."""
    return UNKNOWN if value_ms is None or isnan(value_ms) else aligned_milliseconds(value_ms)


def format_s(value_s: float | None) -> str:
    """Return a duration given in seconds, like `format_ms`."""
    return format_ms(None if value_s is None else value_s * MS_PER_S)


def format_ratio(ratio: float | None, interval: Sequence[float] | None = None) -> str:
    """Return a ratio of times, "7.3× faster" or "12 % longer"; a dash for None.

    It has as many digits as distinguish it from the ends of its interval.
    """
    return UNKNOWN if ratio is None else with_ends(ratio, interval)[0]


def format_interval(ratio: float | None, interval: Sequence[float] | None) -> str:
    """Return a ratio's interval in the unit of the ratio: *6.9–7.8*; empty for None."""
    return "" if ratio is None else with_ends(ratio, interval)[1]


def format_estimate(value_s: float) -> str:
    """Return an estimate with no digits to spare: 0.3 s, 4.5 s, 38 s, 5 min."""
    if value_s >= 120:
        return f"{value_s / 60:.0f} min"
    return f"{value_s:.0f} s" if value_s >= 10 else f"{value_s:.1f} s"


def format_number(value: float | None, form: str) -> str:
    """Return a number in a format such as `{:,.0f} MB`, or a dash for None and NaN."""
    return UNKNOWN if value is None or isnan(value) else form.format(value)
