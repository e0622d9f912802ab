"""Numbers as text: as many digits as they carry, and no rounding that crosses 1.

A ratio that is not 1 is never written as 1, since the text would contradict its interval.

Durations have three significant digits, in ms below 1 s and in s above. Zeros at their end are left
out in a sentence (1 s) and written in a table or beside a chart (1.00 s), so that columns align.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from dashboard.wire.units import MS_PER_S

FACTOR_FROM = 1.5  # "12 % longer" up to here, "1.6× as long" beyond
MOST_DIGITS = 9
DURATION_DIGITS = 3
ROUNDED_TO_1_S_MS = 999.5  # from here on it would be written as 1000 ms


def significant(value: float, digits: int) -> str:
    """Return a number with this many significant digits, without an exponent: 212, 0.084, 61000."""
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e" in text and abs(value) >= 1 else text


def times(ratio: float) -> str:
    """Return a factor with two digits, or as many as distinguish it from 1: 5.1, 0.62, 1.003."""
    for digits in range(2, MOST_DIGITS):
        text = significant(ratio, digits)
        if float(text) != 1:
            return text
    return "1"


def times_at_most(ratio: float) -> str:
    """Return a factor rounded up: 1.4 for 1.31."""
    for digits in range(2, MOST_DIGITS):
        step = 10.0 ** (math.floor(math.log10(ratio)) + 1 - digits)
        text = significant(math.ceil(ratio / step) * step, digits)
        if float(text) < 1.05 * ratio:
            return text
    return significant(ratio, MOST_DIGITS)


def times_between(low: float, high: float) -> str:
    """Return two factors with as many digits as distinguish them: 4.9–5.3, 12.9–13.2."""
    for digits in range(2, MOST_DIGITS):
        ends = significant(low, digits), significant(high, digits)
        if ends[0] != ends[1] and "1" not in ends:
            return "–".join(ends)
    return f"{times(low)}–{times(high)}"


def percent(share: float) -> str:
    """Return a share as 12 %, 0.4 %, 97.5 % or 138 %; never 0 or 100 % unless it is that."""
    distance = min(share, abs(1 - share))
    for digits in range(2, MOST_DIGITS):
        text = significant(100 * share, digits)
        if abs(float(text) - 100 * share) <= 2 * distance:
            return f"{text} %"
    return f"{100 * share:g} %"


def faster_or_slower(ratio: float) -> str:
    """Return a ratio of times as "5.1× faster", "12 % less time", "12 % longer", "1.9× as long"."""
    if ratio == 1:
        return "as long"
    if ratio > 1:
        return (
            f"{times(ratio)}× as long" if ratio >= FACTOR_FROM else f"{percent(ratio - 1)} longer"
        )
    if 1 / ratio >= FACTOR_FROM:
        return f"{times(1 / ratio)}× faster"
    return f"{percent(1 - ratio)} less time"


def more_or_less(ratio: float) -> str:
    """Return a ratio of amounts as "1.9× as much", "12 % more", "34 % less"."""
    if ratio == 1:
        return "as much"
    if ratio > 1:
        return f"{times(ratio)}× as much" if ratio >= FACTOR_FROM else f"{percent(ratio - 1)} more"
    return f"{percent(1 - ratio)} less"


def compared_with(ratio: float, baseline: str) -> str:
    """Return "5.1× faster than X" or "1.9× as long as X"."""
    return than(faster_or_slower(ratio), baseline)


def than(text: str, baseline: str) -> str:
    """Return a ratio in words, such as "5.1× faster", with what it is compared with."""
    return f"{text} {'as' if text.endswith('as long') else 'than'} {baseline}"


def ratio_range(low: float, high: float) -> str:
    """Return two ratios of times: "4.9–5.3× faster" if below 1, else "0.9–1.3× as long"."""
    if high < 1:
        return f"{times_between(1 / high, 1 / low)}× faster"
    return f"{times_between(low, high)}× as long"


def with_ends(ratio: float, interval: Sequence[float] | None) -> tuple[str, str]:
    """Return a ratio and the ends of its interval, with as many digits as distinguish the three.

    ("7.3× faster", "6.9–7.8"), ("12 % longer", "10–14 %"); without an interval its ends are empty.
    """
    text = faster_or_slower(ratio)
    _, times_sign, words = text.partition("×")
    if not interval or not times_sign:
        return text, ends_like(ratio, *interval) if interval else ""
    values = sorted(
        (*interval, ratio) if ratio > 1 else (1 / value for value in (*interval, ratio))
    )
    for digits in range(2, MOST_DIGITS):
        texts = [_padded(value, digits) for value in values]
        if len(set(texts)) == len(texts):
            return f"{texts[1]}×{words}", f"{texts[0]}–{texts[2]}"
    return text, ends_like(ratio, *interval)


def _padded(value: float, digits: int) -> str:
    """Return a number with so many digits, zeros at its end included: 5.0, 12.0, 130."""
    text = f"{value:#.{digits}g}".rstrip(".")
    return f"{float(text):.0f}" if "e" in text and value >= 1 else text


def ends_like(ratio: float, low: float, high: float) -> str:
    """Return the ends of an interval in the unit in which `faster_or_slower` gives its ratio.

    "6.9–7.8" beside "7.3× faster", "1.8–2" beside "1.9× as long", "10–14 %" beside "12 % longer".
    """
    shown = faster_or_slower(ratio)
    if shown.endswith("faster"):
        return times_between(1 / high, 1 / low)
    if shown.endswith("× as long"):
        return times_between(low, high)
    if not low > 1 and not high < 1:
        return signed_percents(low, high)
    shares = (1 - high, 1 - low) if high < 1 else (low - 1, high - 1)
    return f"{percent(shares[0]).removesuffix(' %')}–{percent(shares[1])}"


def value_like(ratio: float, value: float) -> str:
    """Return another ratio in the unit in which `faster_or_slower` gives the first: "7.3×"."""
    shown = faster_or_slower(ratio)
    if shown.endswith("faster"):
        return f"{times(1 / value)}×"
    return f"{times(value)}×" if shown.endswith("× as long") else percent(abs(1 - value))


def signed_percents(low: float, high: float) -> str:
    """Return two ratios of times as changes: "−1 to +2 %"."""
    return f"{_signed_percent(low).removesuffix(' %')} to {_signed_percent(high)}"


def _signed_percent(ratio: float) -> str:
    sign = "−" if ratio < 1 else "+" if ratio > 1 else ""
    return sign + percent(abs(ratio - 1))


def with_verb(comparison: str, *, several: bool = False) -> str:
    """Put the verb before a comparison: "was 5.1× faster", "took 1.9× as long"."""
    if "faster" not in comparison:
        return f"took {comparison}"
    return f"{'were' if several else 'was'} {comparison}"


def in_one_unit(*values_s: float) -> list[str]:
    """Return durations, all in s if the longest has that unit: 6.4 s and 0.1 s."""
    if MS_PER_S * max(values_s) < ROUNDED_TO_1_S_MS:
        return [milliseconds(MS_PER_S * value_s) for value_s in values_s]
    return [f"{significant(value_s, DURATION_DIGITS)} s" for value_s in values_s]


def milliseconds(value_ms: float) -> str:
    """Return a duration for a sentence: 84 ms, 624 ms, 1.28 s."""
    text = significant(value_ms, DURATION_DIGITS)
    if float(text) < MS_PER_S:
        return f"{text} ms"
    return f"{significant(value_ms / MS_PER_S, DURATION_DIGITS)} s"


def seconds_of(value_s: float) -> str:
    """Return a duration given in seconds, in the same format."""
    return milliseconds(MS_PER_S * value_s)


def aligned_milliseconds(value_ms: float) -> str:
    """Return a duration for a table or a chart: 0.412 ms, 84.0 ms, 1.28 s.

    Below 0.1 ms digits end at the microsecond.
    """
    if value_ms == 0:
        return "0 ms"
    if abs(value_ms) >= ROUNDED_TO_1_S_MS:
        return f"{_three_digits(value_ms / MS_PER_S)} s"
    return f"{_three_digits(value_ms)} ms"


def _three_digits(value: float) -> str:
    size = abs(value)
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2 if size >= 0.9995 else 3
    return f"{value:.{digits}f}"
