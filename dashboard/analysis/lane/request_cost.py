"""What a request cost in a lane and in the one that it is compared with, as evidence carries it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dashboard.analysis.samples.resource_use import Amount
from dashboard.wire.report.evidence import CpuCost, OtherCpuCost, OtherRequestCost, RequestCost
from dashboard.wire.units import MS_PER_S

from .resources import Resources

Uncertainty = Literal[
    "cpu_ms_per_request_uncertainty",
    "switches_per_request_uncertainty",
    "threads_started_per_request_uncertainty",
]
OtherUncertainty = Literal[
    "other_cpu_ms_per_request_uncertainty",
    "other_switches_per_request_uncertainty",
    "other_threads_started_per_request_uncertainty",
]


def cpu_cost(resources: Resources) -> CpuCost:
    """Return the CPU time per request, with its uncertainty if it has one."""
    cost: CpuCost = {"cpu_ms_per_request": resources.cpu_ms}
    if (cpu := _cpu_ms(resources)) and cpu.uncertainty:
        cost["cpu_ms_per_request_uncertainty"] = cpu.known_uncertainty
    return cost


def other_cpu_cost(resources: Resources) -> OtherCpuCost:
    """Return the same of the other lane."""
    cost: OtherCpuCost = {"other_cpu_ms_per_request": resources.cpu_ms}
    if (cpu := _cpu_ms(resources)) and cpu.uncertainty:
        cost["other_cpu_ms_per_request_uncertainty"] = cpu.known_uncertainty
    return cost


def request_cost(resources: Resources) -> RequestCost:
    """Return CPU time, context switches and threads per request, and the memory."""
    cost: RequestCost = {
        "cpu_ms_per_request": resources.cpu_ms,
        "switches_per_request": _value(resources.switches),
        "threads_started_per_request": _value(resources.threads_started),
        "peak_rss_mb": resources.peak_rss_mb,
    }
    for name, amount in _uncertain(resources).items():
        cost[name] = amount.known_uncertainty
    return cost


def other_request_cost(resources: Resources) -> OtherRequestCost:
    """Return the same of the other lane."""
    cost: OtherRequestCost = {
        "other_cpu_ms_per_request": resources.cpu_ms,
        "other_switches_per_request": _value(resources.switches),
        "other_threads_started_per_request": _value(resources.threads_started),
        "other_peak_rss_mb": resources.peak_rss_mb,
    }
    for name, amount in _uncertain(resources).items():
        cost[_OF_OTHER[name]] = amount.known_uncertainty
    return cost


_OF_OTHER: Mapping[Uncertainty, OtherUncertainty] = {
    "cpu_ms_per_request_uncertainty": "other_cpu_ms_per_request_uncertainty",
    "switches_per_request_uncertainty": "other_switches_per_request_uncertainty",
    "threads_started_per_request_uncertainty": "other_threads_started_per_request_uncertainty",
}


def _uncertain(resources: Resources) -> dict[Uncertainty, Amount]:
    """Return the amounts that are known up to an uncertainty, by its name."""
    amounts: dict[Uncertainty, Amount | None] = {
        "cpu_ms_per_request_uncertainty": _cpu_ms(resources),
        "switches_per_request_uncertainty": resources.switches,
        "threads_started_per_request_uncertainty": resources.threads_started,
    }
    return {name: amount for name, amount in amounts.items() if amount and amount.uncertainty}


def _cpu_ms(resources: Resources) -> Amount | None:
    return None if resources.cpu is None else resources.cpu.times(MS_PER_S)


def _value(amount: Amount | None) -> float | None:
    return None if amount is None else amount.value
