"""Whether a prediction held: what a run measured of the lane that tests a piece of advice."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from dashboard.analysis.samples.failure_limit import failed_too_often
from dashboard.wire.report.advice import Advice, AdviceOutcome, AdvicePrediction, PredictedMetric
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import Answer, VerdictReport

UNDECIDED: Mapping[Answer, str] = {
    "undecided": "the run is undecided",
    "errors": "requests failed",
    "redirected": "requests were redirected before the view",
    "behind": "a lane fell behind its rate",
    "not-trusted": "there is no verdict on the lane",
    "no-rounds": "no round is whole in both lanes",
}


def outcome_of(advice: Advice, report: Report) -> AdviceOutcome:
    """Return the outcome of a run that tests this advice; undecided where the run is."""
    lane = next((lane for lane in report["lanes"] if lane["lane"] == advice["fires"]), None)
    prediction = advice["prediction"]
    measured = lane and prediction and measured_value(lane, prediction["metric"])
    why = _undecided(report, lane)
    if why is None and measured is None:
        why = "what was predicted was not measured"
    outcome: AdviceOutcome = {
        "run": report["run"],
        "measured": measured,
        "error": None,
        "held": None,
        "why": why,
    }
    if prediction is not None and measured is not None:
        outcome["error"] = _error(prediction, measured)
        if why is None:
            outcome["held"] = _holds(prediction, measured)
    return outcome


def measured_value(lane: LaneReport, metric: PredictedMetric) -> float | None:
    """Return what was measured of a lane; None if it is unknown."""
    match metric:
        case "makespan_s":
            return float(median(lane["makespan_s"])) if lane["makespan_s"] else None
        case "response_p95_ms":
            return float(median(lane["response_p95_ms"])) if lane["response_p95_ms"] else None
        case "bystander_ms_p50":
            return lane["neighbour"]["latency_ms"]["p50"] if lane["neighbour"] else None
        case "cpu_ms_per_request":
            return lane["server_side"]["cpu_ms_per_request"]
        case "connections_leaked":
            connections = (lane["target"] or {}).get("connections", [])
            return max((facts["leaked"] for facts in connections), default=None)


def _undecided(report: Report, lane: LaneReport | None) -> str | None:
    """Return why the run decides nothing about the lane; None if it does."""
    verdict = report["verdict"]
    if report["status"] != "finished":
        return f"the run was {report['status']}"
    if lane is None or verdict is None:
        return "the lane was not fired beside the present one"
    if failed_too_often(lane):
        return UNDECIDED["errors"]
    if verdict["disturbed"] is not None:
        return "the run was disturbed"
    return _answer(verdict, lane["lane"])


def _answer(verdict: VerdictReport, lane: str) -> str | None:
    answers = {each["lane"]: each["answer"] for each in verdict["comparisons"]}
    answer = answers.get(lane)
    return None if answer is None else UNDECIDED.get(answer)


def _holds(prediction: AdvicePrediction, measured: float) -> bool:
    low, high = prediction["low"], prediction["high"]
    return (low is None or measured >= low) and (high is None or measured <= high)


def _error(prediction: AdvicePrediction, measured: float) -> float:
    """Return the relative deviation from the value, or from the bound that was crossed."""
    value, low, high = prediction["value"], prediction["low"], prediction["high"]
    if value:
        return measured / value - 1
    if high and measured > high:
        return measured / high - 1
    if low and measured < low:
        return measured / low - 1
    return 0.0
