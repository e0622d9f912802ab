"""Predictions, outcomes and prices of advice as text, and why there is no advice."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.analysis.samples.failure_limit import failed_too_often
from dashboard.wire.report.advice import (
    Advice,
    AdviceOutcome,
    AdvicePrediction,
    AdviceUnderTest,
    PredictedMetric,
)
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import VerdictReport
from dashboard.wire.units import MS_PER_S

from .numbers import milliseconds, significant

METRICS: Mapping[PredictedMetric, str] = {
    "makespan_s": "total time",
    "response_p95_ms": "p95 response time",
    "bystander_ms_p50": "bystander's median",
    "cpu_ms_per_request": "CPU per request",
    "connections_leaked": "number of connections left open",
}


def prediction_text(prediction: AdvicePrediction) -> str:
    """Return *Predicted total time: 158 ms (134–182 ms). ⌈100/100⌉ · 100 ms = …*."""
    metric = METRICS[prediction["metric"]]
    return f"Predicted {metric}: {_predicted(prediction)}. {_from(prediction)}"


def _from(prediction: AdvicePrediction) -> str:
    formula = prediction["formula"]
    return f"{formula[:1].upper()}{formula[1:]}."


def _predicted(prediction: AdvicePrediction) -> str:
    """Return the value with its interval, or the bound: *158 ms (134–182 ms)*, *at most 50 ms*."""
    metric = prediction["metric"]
    value, low, high = prediction["value"], prediction["low"], prediction["high"]
    if value is not None:
        interval = "" if low is None or high is None else f" ({_between(metric, low, high)})"
        return duration(metric, value) + interval
    if high is not None:
        return f"at most {duration(metric, high)}"
    return f"at least {duration(metric, low)}" if low is not None else "unknown"


def _between(metric: PredictedMetric, low: float, high: float) -> str:
    ends = [duration(metric, low), duration(metric, high)]
    units = {end.partition(" ")[2] for end in ends}
    return f"{ends[0].partition(' ')[0] if len(units) == 1 else ends[0]}–{ends[1]}"


def duration(metric: PredictedMetric, value: float) -> str:
    """Return a value of a metric with its unit."""
    if metric == "connections_leaked":
        return f"{value:g}"
    return milliseconds(MS_PER_S * value if metric == "makespan_s" else value)


def price_text(advice: Advice) -> str:
    """Return what it costs in memory: *About 9 MiB more memory*; empty if that is unknown or 0."""
    memory_mb = advice["memory_mb"]
    if not memory_mb or memory_mb < 0:
        return ""
    return f"About {significant(memory_mb, 2)} MiB more memory."


def outcome_text(advice: Advice, outcome: AdviceOutcome) -> str:
    """Return *Held: 152 ms measured, 158 ms predicted (−3.8 %)*, *Did not hold: …* or why not."""
    beside = _beside(advice, outcome)
    if outcome["held"] is None:
        return f"Undecided: {outcome['why']}{f'; {beside}' if beside else ''}."
    return f"{'Held' if outcome['held'] else 'Did not hold'}: {beside}."


def _beside(advice: Advice, outcome: AdviceOutcome) -> str:
    prediction, measured, error = advice["prediction"], outcome["measured"], outcome["error"]
    if prediction is None or measured is None:
        return ""
    metric, value = prediction["metric"], prediction["value"]
    found = f"{duration(metric, measured)} measured"
    if value is None:
        deviation = f" ({_percent(error)})" if error else ""
        return f"{found}, {_predicted(prediction)} predicted{deviation}"
    return f"{found}, {duration(metric, value)} predicted ({_percent(error or 0.0)})"


def _percent(error: float) -> str:
    """Return a relative deviation as −3.8 % or +12 %."""
    if not error:
        return "0 %"
    sign = "−" if error < 0 else "+"
    return f"{sign}{significant(100 * abs(error), 2)} %"


def tested_text(tested: AdviceUnderTest) -> str:
    """Return what a run tests: *Tests advice 1 of run ab12cd34: Give …*."""
    return f"Tests advice {tested['number']} of run {tested['run']}: {tested['advice']['text']}"


def no_advice_text(report: Report) -> str:
    """Return why there is no advice, in one line."""
    return f"No advice: {_why_none(report)}."


def _why_none(report: Report) -> str:
    verdict = report["verdict"]
    if any(map(failed_too_often, report["lanes"])):
        return "requests failed"
    return "a single lane shows no cause" if verdict is None else _why_none_of(verdict)


def _why_none_of(verdict: VerdictReport) -> str:
    if verdict.get("control"):
        return "an A/A run compares a lane with itself"
    if verdict.get("spoiled"):
        return "there is no verdict"
    names = {cause["name"] for each in verdict["comparisons"] for cause in each["causes"]}
    if names == {"waiting-in-app"}:
        return "the view itself waits, which no server and no thread can shorten"
    if not names - {"no-difference"}:
        return "no cause was found"
    return "no lane of this project would change the cause that was found"
