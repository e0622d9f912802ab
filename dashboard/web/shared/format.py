"""Numbers as a person reads them. The page's own words.js writes the same."""

from __future__ import annotations

from math import isnan

from dashboard.analysis.text.numbers import times

LEAST_PLAIN_FACTOR = 0.1  # below it two decimals are one digit, or none


def seconds(value_s: float | None) -> str:
    """A length of time as a person reads it, with three digits that count."""
    if value_s is None:
        return "–"
    return milliseconds(value_s * 1000) if value_s < 1 else f"{value_s:.2f} s"


def milliseconds(value_ms: float | None) -> str:
    """Likewise, from milliseconds."""
    if value_ms is None or isnan(value_ms):
        return "–"
    if abs(value_ms) >= 1000:
        return f"{value_ms / 1000:.2f} s"
    return f"{value_ms:.0f} ms" if abs(value_ms) >= 100 else f"{value_ms:.1f} ms"


def factor(ratio: float | None) -> str:
    """A ratio to the baseline: 0.62×; with more digits where two decimals would say 0, or 1."""
    if ratio is None:
        return "–"
    text = f"{ratio:.2f}"
    carries = ratio == 1 or (ratio >= LEAST_PLAIN_FACTOR and text != "1.00")
    return f"{text if carries else times(ratio)}×"


def roughly(value_s: float) -> str:
    """An estimate, which has no digits to spare: 0.3 s, 4.5 s, 38 s, 5 min."""
    if value_s >= 120:
        return f"{value_s / 60:.0f} min"
    return f"{value_s:.0f} s" if value_s >= 10 else f"{value_s:.1f} s"


def plain(value: float | None, form: str) -> str:
    """A number in a format such as `{:,.0f} MB`; a dash where it is not known."""
    return "–" if value is None or isnan(value) else form.format(value)
