"""Waiting for servers that are busy: open queues, and requests that return for more.

Allen and Cunneen's approximation (Allen 1990, *Probability, Statistics, and Queueing Theory*, after
Cunneen) of the wait in a queue with c servers is that of M/M/c (Erlang 1917) times
(Ca² + Cs²) / 2, with the squared coefficients of variation of the times between arrivals and of
service. It is exact for M/M/c and, with one server, for M/G/1 (Pollaczek 1930, Khinchin 1932).
"""

from __future__ import annotations

from math import inf

STEPS = 60  # of a bisection, each of which halves the bracket


def busy_probability(offered: float, servers: int) -> float:
    """Return the probability that an arrival finds all servers busy (Erlang's C formula).

    `offered` is rate times service time, in servers; at `servers` or more it is 1.
    """
    if offered >= servers:
        return 1.0
    blocked = 1.0  # Erlang's B formula for 0 servers, and then for each one more
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    load = offered / servers
    return blocked / (1 - load * (1 - blocked))


def allen_cunneen_wait_s(
    rate_rps: float,
    servers: int,
    service_s: float,
    arrivals_scv: float = 1.0,
    service_scv: float = 1.0,
) -> float:
    """Return the mean wait in the queue before the service; infinite if the servers are overloaded.

    The default variations are those of a Poisson process and of exponential service.
    """
    offered = rate_rps * service_s
    if offered <= 0:
        return 0.0
    if offered >= servers:
        return inf
    spread = (arrivals_scv + service_scv) / 2
    return spread * busy_probability(offered, servers) * service_s / (servers - offered)


def closed_rps(
    in_flight: int, wall_s: float, service_s: float, servers: int = 1, scv: float = 1.0
) -> float:
    """Return the throughput of requests that are replaced as soon as they are answered.

    Each takes `wall_s` alone, of which it occupies one of `servers` for `service_s`. The
    throughput X fulfils X · (wall + wait) = n, where a request waits as behind the other n − 1 (the
    arrival theorem, Reiser and Lavenberg 1980): Allen and Cunneen's wait at X · (n − 1) / n. It is
    never above n / wall nor above servers / service.
    """
    most = min(in_flight / wall_s, servers / service_s if service_s > 0 else inf)
    others = (in_flight - 1) / in_flight
    low, high = 0.0, most
    for _ in range(STEPS):
        middle = (low + high) / 2
        wait_s = allen_cunneen_wait_s(middle * others, servers, service_s, scv, scv)
        if middle * (wall_s + wait_s) > in_flight:
            high = middle
        else:
            low = middle
    return high
