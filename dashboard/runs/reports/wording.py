"""Loads, rates and the load generator in words, the same on the page and in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dashboard.analysis.samples.cut_off import CUT_SHORT, whole_rounds_of
from dashboard.analysis.text.grouped_warnings import grouped_warnings
from dashboard.analysis.text.verdict.disturbed import all_spoiled
from dashboard.analysis.text.verdict.single_lane import single_lane
from dashboard.wire.plan.plan import Load, Plan, Rate
from dashboard.wire.plural import counted
from dashboard.wire.report.lanes import LaneReport, RateReport
from dashboard.wire.report.report import Calibrated, DiscardedRound, DiscardReason, Report
from dashboard.wire.report.verdict import VerdictReport

FIRST_LOOK = "First look ("


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


def rounds_text(plan: Plan, report: Report | None = None) -> str:
    """Return how many rounds: *3 rounds*, *up to 40 rounds, until certain*, *3 rounds, A/A run*.

    With the report of a run that has ended, those that it has.
    """
    words = counted(plan.rounds, "round")
    if plan.until_sure and report:
        words = f"{counted(whole_rounds_of(report), 'round')}, until certain"
    elif plan.until_sure:
        limit = "" if plan.limit_s is None else f" or {plan.limit_s:g} s"
        words = f"up to {words}{limit}, until certain"
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
    """Return the verdict as text, or a sentence on a single lane; empty if there is none."""
    return " ".join(filter(None, (headline(report), because(report))))


def headline(report: Report) -> str:
    """Return the verdict's headline, or that of a single lane; empty if there is none.

    For a run that was cut short it begins with how many rounds it rests on.
    """
    if report["verdict"]:
        return _cut_short(report, _headline_of(report["verdict"]))
    return single_lane(report["lanes"][0])


def because(report: Report) -> str:
    """Return the sentences that follow the headline."""
    verdict = report["verdict"]
    if not verdict:
        return ""
    return verdict["sentence"].removeprefix(_headline_of(verdict)).strip()


def so_far(report: Report) -> str:
    """Return the headline of a run that is not over: *So far (2 rounds): …*."""
    text = headline(report)
    return text.replace(FIRST_LOOK, "So far (", 1) if FIRST_LOOK in text else f"So far: {text}"


def _headline_of(verdict: VerdictReport) -> str:
    """Return the headline; a report from before there was one has it as its first sentence."""
    first = verdict["sentence"].partition(". ")[0].rstrip(".")
    return verdict.get("headline") or (f"{first}." if first else "")


def _cut_short(report: Report, text: str) -> str:
    if report.get("status") not in CUT_SHORT or not (whole := whole_rounds_of(report)):
        return text
    status = report["status"].capitalize()
    if text.startswith(FIRST_LOOK):
        return f"{status} early, {text[0].lower()}{text[1:]}"
    return f"{status} after {whole} of {report['rounds']} rounds: {text}"


def warnings(report: Report) -> list[str]:
    """Return the warnings that the sentence does not contain already, a line for each kind."""
    verdict = report["verdict"]
    spoiled = verdict["spoiled"] if verdict else None
    disturbed = verdict.get("disturbed") if verdict else None
    in_sentence = (spoiled, disturbed["reason"] if disturbed and not spoiled else None)
    none = verdict and spoiled and all_spoiled(verdict)
    behind = list(behind_sentences(report["lanes"])) if none else []
    others = [warning for warning in report["warnings"] if warning not in in_sentence]
    return [*behind, *grouped_warnings(others)]


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
