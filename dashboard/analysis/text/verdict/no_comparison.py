"""Headlines of lanes that are not compared: what failed, what kept up, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboard.analysis.samples.failure_limit import failed_too_often
from dashboard.analysis.text.causes.view_calls import failure_text
from dashboard.analysis.text.names import listed, listed_briefly
from dashboard.analysis.text.numbers import significant
from dashboard.wire.plural import counted
from dashboard.wire.report.lanes import LaneReport, RateReport
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import VerdictReport

from .main_result import MainResult

NO_ROUNDS = "no round is whole in all of them"
NEARLY_ALL = 0.99  # of a rate: that it was achieved does not explain why it was too much
REDIRECTED = "not all of them were redirected"


def overload(report: Report) -> list[str]:
    """Return the headline if a lane could not keep up with its rate: what each kept up with."""
    rates = {lane["lane"]: rate for lane in report["lanes"] if (rate := lane.get("rate"))}
    behind = [lane for lane, rate in rates.items() if rate["keeps_up"] is False]
    if not behind:
        return []
    able = [lane for lane, rate in rates.items() if rate["keeps_up"]]
    offered = f"{significant(next(iter(rates.values()))['offered_rps'], 3)} requests/s"
    each = [_fell_behind(lane, rates[lane]) for lane in behind]
    if able:
        return [
            f"{listed(able)} kept up with {offered}; {listed(each)}.",
            f"{listed(able)} kept up with {offered}; {listed(behind)} fell behind.",
            f"{_number(able, rates)} kept up with {offered}; {listed_briefly(behind)} fell behind.",
        ]
    nothing = f"Nothing kept up with {offered}"
    return [f"{nothing}: {listed(each)}.", f"{nothing}: {_range(rates)} was achieved."]


def _fell_behind(lane: str, rate: RateReport) -> str:
    """Return what a lane achieved; of one that achieved the rate, too, why it fell behind."""
    text = f"{lane} achieved {achieved(rate)}"
    if (rate["achieved_rps"] or 0.0) < NEARLY_ALL * rate["offered_rps"]:
        return text
    return f"{text} with ever longer response times"


def _number(lanes: Sequence[str], rates: dict[str, RateReport]) -> str:
    return f"{len(lanes)} of {counted(len(rates), 'lane')}"


def _range(rates: dict[str, RateReport]) -> str:
    achieved_rps = [rate["achieved_rps"] or 0.0 for rate in rates.values()]
    return f"{significant(min(achieved_rps), 3)}/s to {significant(max(achieved_rps), 3)}/s"


def achieved(rate: RateReport) -> str:
    """Return the achieved rate: "212/s"."""
    rps = rate["achieved_rps"]
    return "nothing" if rps is None else f"{significant(rps, 3)}/s"


def no_comparison(report: Report, verdict: VerdictReport, result: MainResult) -> Iterator[str]:
    """Yield the headline of lanes that cannot be compared, in ever fewer words."""
    if result.answer == "errors":
        yield from _errors(report["lanes"])
        return
    why = REDIRECTED if result.answer == "redirected" else NO_ROUNDS
    for names in (listed, listed_briefly):
        yield f"{names([verdict['baseline'], *result.lanes])} cannot be compared: {why}."


def _errors(lanes: Sequence[LaneReport]) -> Iterator[str]:
    """Yield which lanes failed, and what is left."""
    before = "Requests failed, so there is no comparison"
    failed = [lane for lane in lanes if failed_too_often(lane)] or lanes
    yield f"{before}: {', '.join(map(failures, lanes))}."
    yield f"{before}: {', '.join(map(failures, failed))}."
    yield f"{before}: {listed_briefly([lane['lane'] for lane in failed])}."


def failures(lane: LaneReport) -> str:
    """Return "a@x 40 of 300 (40 http-500)", or "a@x none"."""
    if not lane["errors"]:
        return f"{lane['lane']} none"
    failed = f"{lane['requests'] - lane['ok']:,} of {lane['requests']:,}"
    return f"{lane['lane']} {failed} ({failure_text(lane['errors'])})"
