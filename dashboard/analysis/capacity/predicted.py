"""The rate that a configuration is predicted to hold, which decides where measuring begins.

Named assumptions, besides those of `analysis.model.view_model`:

- *open*: requests arrive as a Poisson process and do not wait for each other's responses.
- *two queues*: a request waits for one of p · k threads, and its work for one of min(p, cores)
  cores. Each queue is M/M/c (Erlang 1917), whose wait exceeds t with the probability
  C · exp(−(c − a) · t / s) for the offered load a and the service time s.
- The 95th percentiles of both waits are added to the time of a request alone, which is never less
  than the percentile of the sum of exponential waits.
"""

from __future__ import annotations

from math import inf, log

from dashboard.analysis.model.queueing import allen_cunneen_wait_s, busy_probability
from dashboard.analysis.model.view_model import HOP_S, Configuration, Work

BEYOND_P95 = 0.05
STEPS = 50  # of a bisection, each of which halves the bracket


def predicted_p95_s(work: Work, configuration: Configuration, rate_rps: float) -> float:
    """Return the p95 of the response time at a rate; infinite if the rate cannot be kept up with.

    That of a request alone is its wall time: the variation of the work itself is not predicted.
    """
    hops_s = configuration.hops * HOP_S
    wall_s, cpu_s = work.wall_s + hops_s, work.cpu_s + hops_s
    cores = configuration.computing
    held_s = wall_s + allen_cunneen_wait_s(rate_rps, cores, cpu_s)
    waits_s = _p95_wait_s(rate_rps, cores, cpu_s)
    if configuration.threads is not None and held_s < inf:
        waits_s += _p95_wait_s(rate_rps, configuration.processes * configuration.threads, held_s)
    return wall_s + waits_s


def predicted_capacity_rps(work: Work, configuration: Configuration, p95_s: float) -> float:
    """Return the highest rate whose predicted p95 is within `p95_s`; 0 if one alone is not."""
    if predicted_p95_s(work, configuration, 0.0) > p95_s:
        return 0.0
    low, high = 0.0, _bound_rps(work, configuration)
    for _ in range(STEPS):
        middle = (low + high) / 2
        if predicted_p95_s(work, configuration, middle) <= p95_s:
            low = middle
        else:
            high = middle
    return low


def _bound_rps(work: Work, configuration: Configuration) -> float:
    """Return what no configuration exceeds: min(p · k / W, cores / S), and a million per second."""
    bounds = [1e6]
    if configuration.threads is not None:
        bounds.append(configuration.processes * configuration.threads / work.wall_s)
    if work.cpu_s > 0:
        bounds.append(configuration.computing / work.cpu_s)
    return min(bounds)


def _p95_wait_s(rate_rps: float, servers: int, service_s: float) -> float:
    """Return the 95th percentile of the wait in a queue with so many servers."""
    offered = rate_rps * service_s
    if offered <= 0:
        return 0.0
    if offered >= servers:
        return inf
    busy = busy_probability(offered, servers)
    if busy <= BEYOND_P95:  # most arrivals find a free one
        return 0.0
    return log(busy / BEYOND_P95) * service_s / (servers - offered)
