"""Predictions for the lane that tests a piece of advice, from the numbers of the present one."""

from __future__ import annotations

from math import ceil

from dashboard.analysis.model.formulas import PLUS_MINUS, behind_all_s, burst_of_waits_s
from dashboard.analysis.text.numbers import milliseconds, seconds_of
from dashboard.wire.plan.load import Burst
from dashboard.wire.plural import counted
from dashboard.wire.report.advice import AdvicePrediction, PredictedMetric
from dashboard.wire.units import MS_PER_S

from .situation import Subject

WORTHWHILE = 0.9  # of the present value; a change that is predicted to gain less is not advised
NO_QUEUE = 1.5  # times the p95 of all segments but the server's, which holds the queue
OWN_MS = 10.0  # of a bystander that waits for nothing, at most
THREAD_START_S = 0.001  # CPU time of a thread for each request, more than one of a pool costs


def around(metric: PredictedMetric, value: float, formula: str) -> AdvicePrediction:
    """Return a value with the interval in which the prediction holds."""
    return {
        "metric": metric,
        "value": value,
        "low": value * (1 - PLUS_MINUS),
        "high": value * (1 + PLUS_MINUS),
        "formula": formula,
    }


def at_most(metric: PredictedMetric, bound: float, formula: str) -> AdvicePrediction:
    """Return an upper bound."""
    return {"metric": metric, "value": None, "low": None, "high": bound, "formula": formula}


def total_time(
    subject: Subject,
    at_a_time: int,
    *,
    wait_s: float | None = None,
    cpu_s: float | None = None,
    processes: int = 1,
) -> AdvicePrediction | None:
    """Return the total time of a burst of which so many requests are handled at once.

    At a rate it is a bound on the p95 of the response time. None if it is unknown or too little is
    gained. `wait_s` and `cpu_s` of a request are by default those that were measured.
    """
    load = subject.situation.load
    wait_s = subject.wait_s if wait_s is None else wait_s
    if not isinstance(load, Burst):
        return _without_queue(subject)
    if wait_s is None or subject.total_s is None:
        return None
    cpu_s = subject.cpu_s if cpu_s is None else cpu_s
    at_a_time = min(at_a_time, load.concurrency)
    cores = max(1, min(subject.cores or 1, processes))
    predicted_s = burst_of_waits_s(load.requests, at_a_time, wait_s, cpu_s, cores)
    if predicted_s > WORTHWHILE * subject.total_s:
        return None
    waves = f"⌈{load.requests}/{at_a_time}⌉ · {seconds_of(wait_s)}"
    waves_s = ceil(load.requests / at_a_time) * wait_s
    formula = f"{waves} = {seconds_of(waves_s)}"
    if cpu_s:
        on = counted(cores, "core")
        formula += f", and {seconds_of(cpu_s)} of CPU per request on {on}"
    return around("makespan_s", predicted_s, formula)


def _without_queue(subject: Subject) -> AdvicePrediction | None:
    """Return a bound on the p95 of the response time at a rate if no request is queued."""
    segments = subject.lane["segments_ms"]
    view_ms, present_ms = segments["view"]["p95"], subject.lane["latency_ms"]["p95"]
    if view_ms is None or present_ms is None:
        return None
    others_ms = (segments["framework"]["p95"] or 0.0) + (segments["delivery"]["p95"] or 0.0)
    bound_ms = NO_QUEUE * (view_ms + others_ms)
    if bound_ms > WORTHWHILE * present_ms:
        return None
    formula = f"{NO_QUEUE:g} · {milliseconds(view_ms + others_ms)}, its p95 without the queue"
    return at_most("response_p95_ms", bound_ms, formula)


def bystander_without_hold(subject: Subject, more_cpu_s: float = 0.0) -> AdvicePrediction | None:
    """Return a bound on the bystander's median beside an event loop that is no longer blocked.

    What is left to wait for is the CPU, behind all requests in flight at most, and its own time.
    So a view that computes is as slow for others on a thread, and nothing is predicted of it.
    `more_cpu_s` is what a request of the advised lane needs beyond the present CPU time.

    None if the CPU time is unknown, or if that is no less than the bystander waits now. Half of
    the time for which a view blocks the loop, the mean wait of a request that meets it, is no
    such bound: beside 100 threads whose requests take 2 ms of CPU each the wait for the CPU is
    longer.
    """
    bystander, in_flight = subject.lane["neighbour"], subject.in_flight
    present_ms = bystander["latency_ms"]["p50"] if bystander else None
    if present_ms is None or in_flight is None or not subject.cpu_s:
        return None
    cpu_s = subject.cpu_s + more_cpu_s
    bound_ms = OWN_MS + MS_PER_S * behind_all_s(in_flight, cpu_s)
    if bound_ms > WORTHWHILE * present_ms:
        return None
    ahead = f"{in_flight} · {seconds_of(cpu_s)} of CPU, if all requests in flight are served first"
    return at_most("bystander_ms_p50", bound_ms, f"{ahead}, and {milliseconds(OWN_MS)} of its own")


def cpu_per_request(subject: Subject) -> AdvicePrediction | None:
    """Return a bound on the CPU time per request without the cost of threads; None if unknown."""
    present_ms = subject.cpu_s * MS_PER_S
    if not present_ms:
        return None
    formula = f"nine tenths of {milliseconds(present_ms)}"
    return at_most("cpu_ms_per_request", WORTHWHILE * present_ms, formula)
