"""Numbers as a person says them: as many digits as they carry, and never across 1.

A ratio that is not 1 is never written as 1, or a sentence would contradict its interval.
"""

from __future__ import annotations

import math

TIMES_FROM = 1.5  # "12 % later" up to here, "1.6 times later" beyond
MOST_DIGITS = 9


def significant(value: float, digits: int) -> str:
    """So many significant digits, without an exponent: 212, 0.084, 61000."""
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e" in text and abs(value) >= 1 else text


def times(ratio: float) -> str:
    """A factor: 5.1, 0.62, and 1.003 where two digits would say 1."""
    for digits in range(2, MOST_DIGITS):
        text = significant(ratio, digits)
        if float(text) != 1:
            return text
    return "1"


def times_at_most(ratio: float) -> str:
    """A factor that is not below this one: 1.4 for 1.31."""
    for digits in range(2, MOST_DIGITS):
        step = 10.0 ** (math.floor(math.log10(ratio)) + 1 - digits)
        text = significant(math.ceil(ratio / step) * step, digits)
        if float(text) < 1.05 * ratio:
            return text
    return significant(ratio, MOST_DIGITS)


def times_between(low: float, high: float) -> str:
    """Two factors with as many digits as tell them apart: 4.9–5.3, and 12.9–13.2."""
    for digits in range(2, MOST_DIGITS):
        ends = significant(low, digits), significant(high, digits)
        if ends[0] != ends[1] and "1" not in ends:
            return "–".join(ends)
    return f"{times(low)}–{times(high)}"


def percent(share: float) -> str:
    """A share: 12 %, 0.4 %, 97.5 %; never 0 or 100 where it is neither."""
    for digits in range(2, MOST_DIGITS):
        text = significant(100 * share, digits)
        if abs(float(text) - 100 * share) <= 0.02 * min(100 * share, 100 - 100 * share):
            return f"{text} %"
    return f"{100 * share:g} %"


def faster_or_slower(ratio: float) -> str:
    """How far a ratio of times is from 1: "5.1 times sooner", "12 % later"; empty at 1."""
    if ratio == 1:
        return ""
    word = "sooner" if ratio < 1 else "later"
    most = max(ratio, 1 / ratio)
    if most >= TIMES_FROM:
        return f"{times(most)} times {word}"
    return f"{percent(abs(1 - ratio))} {word}"


def milliseconds(value_ms: float) -> str:
    """A length of time with its unit: 84 ms, 1.3 s."""
    return f"{significant(value_ms, 2)} ms" if value_ms < 1000 else seconds_of(value_ms / 1000)


def seconds_of(value_s: float) -> str:
    """A length of time in seconds: 1.3 s."""
    return f"{significant(value_s, 3 if value_s >= 10 else 2)} s"
