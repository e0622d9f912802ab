"""Why a run does not decide an expectation of a claim, whatever its numbers are."""

from __future__ import annotations

from collections.abc import Collection

from dashboard.analysis.samples.failure_limit import failed_too_often
from dashboard.wire.plan.plan import MARGIN
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report

from .expectations import Expectation, Judgement

COUNTS = ("ok", "requests", "errors")  # known however many requests failed
PEAKS = ("peak_in_app", "peak_in_view", "peak_threads")  # the probe's own, exact maxima
WHY_NOT_COMPARED = {
    "first-look": "fewer than five rounds are a first look, without an interval",
    "errors": "more than 1 % of the requests failed",
    "redirected": "one was redirected, and whether its view was called is not known",
    "behind": "it could not keep up with the rate",
    "not-trusted": "the load generator was at its limit",
    "no-rounds": "no round was whole in both lanes",
}


def why_undecided(
    expectation: Expectation, judgement: Judgement, limit: float | None, report: Report
) -> str:
    """Return why the report decides nothing about an expectation; empty if it does."""
    if report["status"] != "finished":
        return f"the run is {report['status']}"
    doubt = why_not_trusted(report, expectation.lanes)
    if doubt and not _decides_nevertheless(expectation, judgement, limit, report):
        return doubt
    if expectation.left.path.partition(".")[0] not in COUNTS:
        for lane in report["lanes"]:
            if lane["lane"] in expectation.lanes and (answer := _why_no_times(lane)):
                return f"{lane['lane']}: {WHY_NOT_COMPARED[answer]}"
    if judgement.value is None:
        return "not known in this run"
    if expectation.over and judgement.interval is None:
        return _why_no_ratio(expectation, judgement.value, report)
    return ""


def why_not_trusted(report: Report, lanes: Collection[str] | None = None) -> str:
    """Return why a run cannot simply be trusted, in its own words; empty if it can.

    With `lanes`, only what happened at one of these counts. The intervals of a disturbed run's
    verdict can be trusted, since they are the worst case.
    """
    verdict, instrument = report["verdict"], report["instrument"]
    saturated = instrument is not None and instrument.get("saturated")
    doubt = WHY_NOT_COMPARED["not-trusted"] if saturated else ""
    if verdict is None:
        return doubt
    if spoiled := verdict.get("spoiled"):
        faults = verdict.get("faults") or {}
        mine = [faults[lane] for lane in faults if lanes is None or lane in lanes]
        if mine or not faults:  # by a version that did not store whose fault it was
            return mine[0] if mine else spoiled
    disturbed = verdict.get("disturbed")
    if disturbed is None:
        return doubt
    late_at = disturbed.get("lanes")
    elsewhere = late_at and lanes is not None and set(late_at).isdisjoint(lanes)
    return "" if elsewhere else disturbed["reason"]


def _decides_nevertheless(
    expectation: Expectation, judgement: Judgement, limit: float | None, report: Report
) -> bool:
    """Return True for what a run decides that is not trusted.

    That is a peak, which can only have been higher, beyond its limit; and in a disturbed run a
    ratio whose interval contains everything that disturbed it.
    """
    if expectation.over:
        verdict = report["verdict"]
        disturbed = verdict and verdict.get("disturbed")
        return bool(disturbed and judgement.interval is not None)
    name = expectation.left.path.rpartition(".")[2]
    if name not in PEAKS or judgement.value is None or limit is None:
        return False
    return judgement.value >= limit if expectation.less else judgement.value > limit


def _why_no_times(lane: LaneReport) -> str:
    """Return the answer of a lane without times of its own; empty if it has them."""
    if failed_too_often(lane):
        return "errors"
    rate = lane.get("rate")
    return "behind" if rate and rate["keeps_up"] is False else ""


def _why_no_ratio(expectation: Expectation, value: float, report: Report) -> str:
    """Return why the point value of a ratio decides nothing; empty if it does."""
    verdict = report["verdict"]
    if verdict and expectation.left.path == verdict["metric"]:
        answers: dict[str, str] = {each["lane"]: each["answer"] for each in verdict["comparisons"]}
        lanes = sorted(expectation.lanes)
        refusals = [WHY_NOT_COMPARED.get(answers.get(lane, ""), "") for lane in lanes]
        return next(filter(None, refusals), "these rounds have no interval")
    if expectation.left.path == "throughput_rps":
        return "throughput is the total time in another form: state the claim by makespan_s"
    margin = verdict.get("margin", MARGIN) if verdict else MARGIN
    inside = inside_margin((value, value), margin)
    return "inside the margin, and no interval is known" if inside else ""


def inside_margin(interval: tuple[float, float], margin: float) -> bool:
    """Return True if the whole interval lies inside the margin, symmetric in logarithms."""
    low, high = interval
    return low >= 1 / (1 + margin) and high <= 1 + margin
