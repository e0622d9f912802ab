"""When the requests of an open load are due: a schedule made before anything is sent.

It depends only on the load and the seed. A request that is sent late counts its lateness: this is
what keeps an open load free of coordinated omission.
"""

from __future__ import annotations

from array import array
from itertools import accumulate
from random import Random

from dashboard.wire.plan.plan import Rate
from dashboard.wire.units import NS_PER_S


def schedule(load: Rate, seed: int) -> array[int]:
    """Return when each request is due, in nanoseconds since the origin, ascending.

    Constant: request k, counted from 0, is due at k / rate. Poisson: see `_poisson`.
    """
    if load.poisson:
        return _poisson(load, seed)
    return array("q", (round(k * NS_PER_S / load.rate_rps) for k in range(load.requests)))


def _poisson(load: Rate, seed: int) -> array[int]:
    """Return the arrivals of a Poisson process, given that `requests` fall into the duration.

    Exponential gaps, added up and scaled so that the arrival after the last one is at the end:
    these are the order statistics of uniform instants, as a Poisson process has them once its
    count is known (Ross, Stochastic Processes, theorem 2.3.1). Unscaled, the offered load would
    differ from `rate_rps` by 1 / √requests, and from one seed to the next.
    """
    gap = Random(seed).expovariate  # nosec B311 # noqa: S311 - repeatable arrivals, not a secret
    *arrivals, end = accumulate(gap(1.0) for _ in range(load.requests + 1))
    duration_ns = load.requests / load.rate_rps * NS_PER_S
    return array("q", (int(arrival / end * duration_ns) for arrival in arrivals))
