"""Loads, rates and the instrument in words: the same on the page and in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dashboard.analysis.samples.cut_off import CUT_SHORT, whole_rounds_of
from dashboard.analysis.text.numbers import milliseconds
from dashboard.wire.plan import Load, Plan, Rate
from dashboard.wire.plural import counted

Numbers = Mapping[str, Any]  # a part of the report


def load_words(load: Load) -> str:
    """What is fired in a round: *100 requests at once*, *500 requests a second for 10 s*."""
    if isinstance(load, Rate):
        at_random = ", at random" if load.poisson else ""
        return f"{counted(load.rate_rps, 'request')} a second for {load.duration_s:g} s{at_random}"
    requests = counted(load.requests, "request")
    if load.requests == 1:
        return requests
    if load.concurrency >= load.requests:
        return f"{requests} at once"
    return f"{requests}, {load.concurrency:,} at a time"


def rounds_words(plan: Plan) -> str:
    """How many rounds: *3 rounds*, *up to 40 rounds, until sure*; and whether it is a control."""
    rounds = counted(plan.rounds, "round")
    words = f"up to {rounds}, until sure" if plan.until_sure else rounds
    return f"{words}, a control" if plan.control else words


def short_load(load: Load) -> str:
    """*100*, or *500/s for 10 s*: where there is little room."""
    if isinstance(load, Rate):
        return f"{load.rate_rps:,g}/s for {load.duration_s:g} s"
    return f"{load.requests:,}"


def keeps_up(lane: Numbers) -> bool:
    """Whether the lane's percentiles are its own: False where a rate was more than it can do."""
    rate = lane.get("rate")
    return rate is None or rate["keeps_up"] is not False


def behind_words(lanes: list[Numbers]) -> Iterator[str]:
    """A line for each lane that could not keep up with its rate."""
    for lane in lanes:
        if not keeps_up(lane):
            yield f"{lane['lane']}: {rate_words(lane['rate'])}"


def sentence(report: Numbers) -> str:
    """The verdict's sentence, or that of a lane alone at a rate; empty where there is none.

    Of a run that was cut short it begins with how many rounds it rests on.
    """
    if report["verdict"]:
        return f"{_cut_short(report)}{report['verdict']['sentence']}"
    lane = report["lanes"][0]
    p95_ms = lane["latency_ms"]["p95"] if lane.get("rate") and keeps_up(lane) else None
    if p95_ms is None:
        return ""
    return f"{lane['lane']} answered 95 % of its requests within {milliseconds(p95_ms)}."


def _cut_short(report: Numbers) -> str:
    if report.get("status") not in CUT_SHORT:
        return ""
    status, whole = report["status"].capitalize(), whole_rounds_of(report)
    return f"{status} after {whole} of {report['rounds']} rounds: " if whole else ""


def warnings(report: Numbers) -> list[str]:
    """What else a reader must know: nothing that the sentence says already."""
    verdict = report["verdict"]
    spoiled = verdict["spoiled"] if verdict else None
    disturbed = (verdict and verdict.get("disturbed")) or {}
    said = (spoiled, disturbed.get("reason") if not spoiled else None)
    behind = [] if verdict and not spoiled else list(behind_words(report["lanes"]))
    return [*behind, *(warning for warning in report["warnings"] if warning not in said)]


WHY_REPEATED = {
    "stolen": "the host took CPU time away",
    "late": "the load generator was at its limit",
}


def repeated_words(discarded: Sequence[Numbers]) -> str:
    """How many rounds were repeated, and why; empty where none was."""
    reasons = Counter(one["reason"] for one in discarded)
    return "; ".join(
        f"{counted(number, 'round')} repeated, since {WHY_REPEATED[reason]}"
        for reason, number in reasons.items()
    )


def rate_words(rate: Numbers) -> str:
    """*offered 500/s, achieved 212/s, backlog growing*."""
    offered, achieved = per_second(rate["offered_rps"]), per_second(rate["achieved_rps"])
    growing = ", backlog growing" if rate["keeps_up"] is False else ""
    return f"offered {offered}, achieved {achieved}{growing}"


def instrument_words(instrument: Numbers | None) -> str:
    """*instrument: 0.09 ms, 61,000/s*; empty where nobody measured it."""
    if instrument is None or instrument["floor_ms"] is None:
        return ""
    return f"instrument: {instrument['floor_ms']:.2f} ms, {per_second(instrument['limit_rps'])}"


def per_second(rate_rps: float | None) -> str:
    """61234.5 as *61,000/s*, 212.4 as *212/s*: no digit that the next run would change."""
    if rate_rps is None:
        return "–"
    digits = 3 if rate_rps < 10_000 else 2
    rounded = float(f"{rate_rps:.{digits}g}")
    return f"{rounded:,.0f}/s" if rounded >= 100 else f"{rounded:g}/s"
