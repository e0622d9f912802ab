"""The verdict's headline: one claim in one unit, with its interval and its cause.

At most `MOST` characters, so that it fits into one line of the page, unless the names of the lanes
alone are longer. What is left out is in the sentences that follow it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from dashboard.analysis.text.causes.short_causes import reason, shared_reason
from dashboard.analysis.text.names import listed, listed_briefly
from dashboard.analysis.text.numbers import (
    compared_with,
    ends_like,
    faster_or_slower,
    percent,
    signed_percents,
    than,
    times_between,
    value_like,
    with_ends,
    with_verb,
)
from dashboard.wire.plural import counted
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import Interval, VerdictReport

from .disturbed import all_spoiled
from .main_result import MainResult, has_gap, main_result
from .no_comparison import no_comparison, overload

MOST = 140
WIDE = 1.5  # largest over smallest ratio of a round, beyond which the mean is no summary


def headline(report: Report) -> str:
    """Return the headline; empty without a verdict."""
    verdict = report["verdict"]
    if not verdict:
        return ""
    if verdict["spoiled"] and all_spoiled(verdict):
        return f"No verdict. {verdict['spoiled'].rstrip('.')}."
    texts = list(_control(verdict) or overload(report) or _of_main_result(report, verdict))
    return next((text for text in texts if len(text) <= MOST), texts[-1])


def _of_main_result(report: Report, verdict: VerdictReport) -> Iterator[str]:
    """Yield the headline in ever fewer words."""
    result = main_result(verdict)
    match result.answer:
        case "differs":
            yield from _difference(verdict, result)
        case "first-look" if has_gap(result.comparisons[0], verdict["margin"]):
            yield from _first_difference(verdict, result)
        case "first-look":
            yield from _about_as_long(verdict, result)
        case "no-difference":
            yield from _no_difference(verdict, result)
        case "undecided":
            yield from _undecided(verdict, result)
        case "not-trusted":
            yield from _not_trusted(verdict, result)
        case _:
            yield from no_comparison(report, verdict, result)


def _difference(verdict: VerdictReport, result: MainResult) -> Iterator[str]:
    interval, level = result.interval, level_text(result)
    before, why = "", reason(result.comparisons, verdict["baseline"])
    if interval and verdict.get("disturbed"):
        before, bound, measured = "Disturbed, yet ", *_at_worst(verdict, result, interval)
        claims = [f"{bound} ({level}, worst case{more})" for more in (measured, "")]
    else:
        ratio, ends = with_ends(result.ratio, interval)
        claims = [f"{_claim(verdict, result, ratio)} ({level}{': ' if ends else ''}{ends})"]
    return _variants(before, result.lanes, claims, why)


def _first_difference(verdict: VerdictReport, result: MainResult) -> Iterator[str]:
    rounds = _rounds_and_range(verdict, result)
    why = reason(result.comparisons, verdict["baseline"])
    claims = [_claim(verdict, result, faster_or_slower(result.ratio))]
    if worst := result.worst_case(verdict):
        rounds = f"{_rounds(result)}, disturbed"
        bound, measured = _at_worst(verdict, result, worst)
        claims = [f"{bound} (worst case{more})" for more in (measured, "")]
    return _variants(f"First look ({rounds}): ", result.lanes, claims, why)


def _variants(before: str, lanes: Sequence[str], claims: Sequence[str], why: str) -> Iterator[str]:
    """Yield the sentence with all its lanes and its cause, then with fewer of them."""
    subjects = dict.fromkeys((listed(lanes), listed_briefly(lanes)))
    for half, claim, subject in product(dict.fromkeys((why, "")), claims, subjects):
        yield f"{before}{subject} {claim}{half}."


def _claim(verdict: VerdictReport, result: MainResult, ratio: str) -> str:
    """Return "was 3.4× faster than a@x", or "were about 3.4× faster than a@x"."""
    several = len(result.lanes) > 1
    compared = than(ratio, verdict["baseline"])
    words = with_verb(f"about {compared}" if several else compared, several=several)
    return f"{words}{_by(verdict)}"


def _at_worst(verdict: VerdictReport, result: MainResult, worst: Interval) -> tuple[str, str]:
    """Return what holds even if all lateness is held against the lane ahead, and a note on it."""
    bound = worst[1] if result.ratio < 1 else worst[0]
    compared = f"at least {compared_with(bound, verdict['baseline'])}"
    words = with_verb(compared, several=len(result.lanes) > 1)
    return f"{words}{_by(verdict)}", f"; measured {value_like(bound, result.ratio)}"


def _by(verdict: VerdictReport) -> str:
    """Return by what lanes are compared, unless it is the total time."""
    return " by p95" if verdict["metric"] == "response_p95_ms" else ""


def _about_as_long(verdict: VerdictReport, result: MainResult) -> Iterator[str]:
    """Yield the first look at lanes inside the margin."""
    rounds, ratio = _rounds_and_range(verdict, result), result.ratio
    note = "" if ratio == 1 else f" ({faster_or_slower(ratio)})"
    prefixes = [rounds]
    if worst := result.worst_case(verdict):
        prefixes = [f"{_rounds(result)}, disturbed", _rounds(result)]  # its worst case implies it
        note = f" (worst case: {signed_percents(*worst)})"
    claim = f"took about as long as {verdict['baseline']}{_by(verdict)}{note}"
    why = shared_reason(verdict.get("absolute"))
    for prefix in prefixes:
        yield from _variants(f"First look ({prefix}): ", result.lanes, [claim], why)


def _no_difference(verdict: VerdictReport, result: MainResult) -> Iterator[str]:
    before = f"o difference larger than {percent(verdict['margin'])} between"
    before = f"Disturbed, yet n{before}" if verdict.get("disturbed") else f"N{before}"
    suffix, note = _by(verdict), _changes(verdict, result)
    baseline, others = verdict["baseline"], counted(len(result.lanes), "other")
    for why in (shared_reason(verdict.get("absolute")), ""):
        for names in (listed([*result.lanes, baseline]), f"{baseline} and {others}"):
            yield f"{before} {names}{suffix}{note}{why}."


def _undecided(verdict: VerdictReport, result: MainResult) -> Iterator[str]:
    before = "Disturbed and undecided" if verdict.get("disturbed") else "Undecided"
    compared = f"{verdict['baseline']}{_by(verdict)}"
    claim = f"cannot be told from {compared} by so few rounds ({level_text(result)})"
    if result.interval:
        worst = ", worst case" if verdict.get("disturbed") else ""
        took = f"took {times_between(*result.interval)}× as long as"
        claim = f"{took} {compared} ({level_text(result)}{worst})"
    after = "" if verdict.get("disturbed") else f" after {_rounds(result)}"
    return _variants(f"{before}{after}: ", result.lanes, [claim], "")


def _not_trusted(verdict: VerdictReport, result: MainResult) -> Iterator[str]:
    worst = result.worst_case(verdict)
    claim = _claim(verdict, result, faster_or_slower(result.ratio))
    claims = [f"{claim} (worst case: {_range_like(result.ratio, worst)})"] if worst else []
    claims.append(claim)
    if any(comparison["ratio"] is None for comparison in result.comparisons):
        claims = [f"cannot be compared with {verdict['baseline']}"]
    return _variants("No verdict, the load generator was late: ", result.lanes, claims, "")


def _control(verdict: VerdictReport) -> list[str]:
    """Return the headline of an A/A run; empty for others, and for one without an answer."""
    if not verdict["control"]:
        return []
    result, lane = MainResult(verdict["comparisons"]), verdict["baseline"]
    match result.answer:
        case "no-difference":
            claim = f"no difference larger than {percent(verdict['margin'])} between"
            return [f"A/A run: {claim} {lane} and itself{_changes(verdict, result)}."]
        case "undecided":
            note = _changes(verdict, result)
            return [f"A/A run: no difference shown between {lane} and itself{note}."]
        case "differs":
            ratio, ends = with_ends(result.ratio, result.interval)
            claim = with_verb(than(ratio, "itself"))
            note = f"({level_text(result)}: {ends}), so this machine cannot be trusted now"
            return [f"A/A run: {lane} {claim} {note}."]
    return []


def _changes(verdict: VerdictReport, result: MainResult) -> str:
    """Return " (95 %: −1 to +2 %)"; empty without an interval."""
    if not result.interval:
        return ""
    worst = ", worst case" if verdict.get("disturbed") else ""
    return f" ({level_text(result)}{worst}: {signed_percents(*result.interval)})"


def _rounds_and_range(verdict: VerdictReport, result: MainResult) -> str:
    """Return "3 rounds", with the range of their ratios if these are far apart."""
    low, high = result.round_ratios or (1.0, 1.0)
    both_ways = low < 1 < high and max(high, 1 / low) > 1 + verdict["margin"]
    if not both_ways and high / low <= WIDE:
        return _rounds(result)
    return f"{_rounds(result)}: {_range_like(result.ratio, (low, high))}"


def _range_like(ratio: float, ends: Sequence[float]) -> str:
    """Return a range in the unit of a ratio, with that unit."""
    text = ends_like(ratio, *ends)
    return text if text.endswith("%") else f"{text}×"


def _rounds(result: MainResult) -> str:
    numbers = sorted({comparison["rounds"] for comparison in result.comparisons})
    least = f"{numbers[0]} to " if len(numbers) > 1 else ""
    return f"{least}{counted(numbers[-1], 'round')}"


def level_text(result: MainResult) -> str:
    """Return the confidence level, such as *95 %*."""
    return "unknown level" if result.level is None else percent(result.level)
