"""Loads, rates and the load generator in words, the same on the page and in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dashboard.analysis.samples.cut_off import CUT_SHORT, whole_rounds_of
from dashboard.analysis.text.numbers import milliseconds
from dashboard.wire.plan.plan import Load, Plan, Rate
from dashboard.wire.plural import counted
from dashboard.wire.report.lanes import LaneReport, RateReport
from dashboard.wire.report.report import Calibrated, DiscardedRound, DiscardReason, Report


def load_text(load: Load) -> str:
    """Return what a round fires: *100 requests at once*, *500 requests per second for 10 s*."""
    if isinstance(load, Rate):
        poisson = " (Poisson)" if load.poisson else ""
        return f"{counted(load.rate_rps, 'request')} per second for {load.duration_s:g} s{poisson}"
    requests = counted(load.requests, "request")
    if load.requests == 1:
        return requests
    if load.concurrency >= load.requests:
        return f"{requests} at once"
    return f"{requests}, {load.concurrency:,} at a time"


def rounds_text(plan: Plan) -> str:
    """Return how many rounds: *3 rounds*, *up to 40 rounds, until certain*, *3 rounds, A/A run*."""
    rounds = counted(plan.rounds, "round")
    words = f"up to {rounds}, until certain" if plan.until_sure else rounds
    return f"{words}, A/A run" if plan.control else words


def short_load(load: Load) -> str:
    """Return *100* or *500/s for 10 s*, for narrow places."""
    if isinstance(load, Rate):
        return f"{load.rate_rps:,g}/s for {load.duration_s:g} s"
    return f"{load.requests:,}"


def keeps_up(lane: LaneReport) -> bool:
    """Return False if the lane fell behind its rate, so that its percentiles mean nothing."""
    rate = lane.get("rate")
    return rate is None or rate["keeps_up"] is not False


def behind_sentences(lanes: Sequence[LaneReport]) -> Iterator[str]:
    """Yield a line for each lane that fell behind its rate."""
    for lane in lanes:
        rate = lane.get("rate")
        if rate and not keeps_up(lane):
            yield f"{lane['lane']}: {rate_text(rate)}"


def sentence(report: Report) -> str:
    """Return the verdict's sentence, or one about a single lane at a rate; empty if there is none.

    For a run that was cut short it begins with how many rounds it rests on.
    """
    if report["verdict"]:
        return f"{_cut_short(report)}{report['verdict']['sentence']}"
    lane = report["lanes"][0]
    p95_ms = lane["latency_ms"]["p95"] if lane.get("rate") and keeps_up(lane) else None
    if p95_ms is None:
        return ""
    return f"{lane['lane']} answered 95 % of its requests within {milliseconds(p95_ms)}."


def _cut_short(report: Report) -> str:
    if report.get("status") not in CUT_SHORT:
        return ""
    status, whole = report["status"].capitalize(), whole_rounds_of(report)
    return f"{status} after {whole} of {report['rounds']} rounds: " if whole else ""


def warnings(report: Report) -> list[str]:
    """Return the warnings that the sentence does not contain already."""
    verdict = report["verdict"]
    spoiled = verdict["spoiled"] if verdict else None
    disturbed = verdict.get("disturbed") if verdict else None
    in_sentence = (spoiled, disturbed["reason"] if disturbed and not spoiled else None)
    behind = [] if verdict and not spoiled else list(behind_sentences(report["lanes"]))
    return [*behind, *(warning for warning in report["warnings"] if warning not in in_sentence)]


WHY_REPEATED: Mapping[DiscardReason, str] = {
    "stolen": "the host took CPU time away",
    "late": "the load generator was late",
}


def repeated_text(discarded: Sequence[DiscardedRound]) -> str:
    """Return how many rounds were repeated, and why; empty if none was."""
    reasons = Counter(item["reason"] for item in discarded)
    return "; ".join(
        f"{counted(number, 'round')} repeated: {WHY_REPEATED[reason]}"
        for reason, number in reasons.items()
    )


def rate_text(rate: RateReport) -> str:
    """Return *offered 500/s, achieved 212/s, backlog growing*."""
    offered, achieved = per_second(rate["offered_rps"]), per_second(rate["achieved_rps"])
    growing = ", backlog growing" if rate["keeps_up"] is False else ""
    return f"offered {offered}, achieved {achieved}{growing}"


def instrument_text(instrument: Calibrated | None) -> str:
    """Return *Load generator: adds 0.09 ms, up to 61,000 requests/s*; empty if not calibrated."""
    if instrument is None or instrument["floor_ms"] is None:
        return ""
    limit = per_second(instrument["limit_rps"]).replace("/s", " requests/s")
    return f"Load generator: adds {instrument['floor_ms']:.2f} ms, up to {limit}"


def per_second(rate_rps: float | None) -> str:
    """Return 61234.5 as *61,000/s*, 212.4 as *212/s*: no digit that the next run would change."""
    if rate_rps is None:
        return "–"
    digits = 3 if rate_rps < 10_000 else 2
    rounded = float(f"{rate_rps:.{digits}g}")
    return f"{rounded:,.0f}/s" if rounded >= 100 else f"{rounded:g}/s"
