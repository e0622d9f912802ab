"""What a burst of one view shows under another configuration: its throughput and its p95.

Named assumptions:

- *closed*: as many requests as the concurrency are in flight, and an answer is followed by the next
  request at once. Then the mean response time is C / X (Little 1961).
- *same work*: a request needs the wall time W and the CPU time S that it needs alone, whatever the
  configuration; an async view needs S + h · c for its h thread hops, and the wait that the lab.toml
  states for it.
- *one core per process*: threads of one process share the GIL, so p processes compute on
  min(p, cores) cores. The asymptotic bounds are X ≤ min(m / W, min(p, cores) / S), where
  m = min(C, p · k) requests are in the application (Denning and Buzen 1978).
- *shared CPU*: requests wait for the CPU as in a queue with the variation of the times measured
  alone (`queueing.closed_rps`).
- *same contention*: what the loads showed beyond that (locks, a pool of connections, the GIL's
  switching) goes on by the Universal Scalability Law (Gunther 2007) of the requests in the
  application. It is inside each process, as the GIL's is. A loss of less than a tenth is not told
  from noise, and is not extrapolated.
- *a wait is a wait*: neither the database nor an upstream becomes slower because more requests wait
  for it, beyond that contention.
- *the ORM has a thread*: Django's queries run on a thread of the request in async views too, so
  an await of them has the concurrency of a thread for each request and costs a hop: never more
  than a pool of as many threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Literal, TypeAlias

from dashboard.analysis.text.numbers import milliseconds, seconds_of, significant
from dashboard.wire.plural import counted
from dashboard.wire.units import MS_PER_S

from .formulas import Scalability, fitted
from .queueing import closed_rps

HOP_S = 80e-6  # of CPU time, there and back, on the machines that this was tried on
HOPS_OF_DJANGO = 2  # of an async view without middleware: the signals at its start and end
HOPS_OF_MIDDLEWARE = 2  # of each, in front of an async view: its request and its response
SHOWN_LOSS = 0.1  # of the throughput without contention
NEARLY_FULL = 0.8  # of the cores on which a request can compute
MOST_SPREAD, LEAST_SPREAD = 3.0, 0.5

# What the limit is: the threads, the CPU, contention, or none but the number of requests.
Limit: TypeAlias = Literal["threads", "cpu", "contention", "requests"]


@dataclass(frozen=True)
class Work:
    """What one request needs, in seconds, and how the view scaled at today's server.

    `wall_s` and `cpu_s` are of a request alone, `database_s` is the part in queries. `scv` is the
    squared coefficient of variation of the time alone. `middleware` are the layers before the view.
    `measured_rps` is the throughput by the number of requests in the application, of that many
    `processes`. `spread` is today's p95 over C / X.
    """

    wall_s: float
    cpu_s: float = 0.0
    database_s: float = 0.0
    scv: float = 0.0
    queries: int = 0
    middleware: int = 0
    measured_rps: Mapping[int, float] = field(default_factory=dict)
    processes: int = 1
    spread: float = 1.0

    @property
    def wait_s(self) -> float:
        """The part in which it does not compute."""
        return max(0.0, self.wall_s - self.cpu_s)

    @property
    def contention(self) -> Scalability | None:
        """The law of the measured throughputs; None if they show no loss."""
        if len(self.measured_rps) < 2:
            return None
        fewest, most = min(self.measured_rps), max(self.measured_rps)
        linear_rps = self.measured_rps[fewest] * most / fewest
        if self.measured_rps[most] > (1 - SHOWN_LOSS) * linear_rps:
            return None
        return fitted(self.measured_rps)

    @property
    def async_hops(self) -> int:
        """The thread hops of an async view with these queries behind this middleware."""
        return HOPS_OF_DJANGO + HOPS_OF_MIDDLEWARE * self.middleware + self.queries


@dataclass(frozen=True)
class Configuration:
    """How a view is served: `threads` in each of `processes`, None without a limit.

    `cores` are those that the processes share. `hops` are thread hops that a request makes more
    than where it was measured, `more_wait_s` is how much longer it waits, below 0 if less.
    """

    processes: int = 1
    threads: int | None = None
    cores: int = 1
    hops: int = 0
    more_wait_s: float = 0.0

    @property
    def computing(self) -> int:
        """How many requests can compute at once."""
        return max(1, min(self.processes, self.cores))

    def in_application(self, concurrency: int) -> int:
        """Return how many of the requests in flight the application handles at once."""
        if self.threads is None:
            return concurrency
        return min(concurrency, self.processes * self.threads)


@dataclass(frozen=True)
class Prediction:
    """A view's throughput and p95, what limits it, and the formula with its numbers."""

    throughput_rps: float
    p95_ms: float
    limit: Limit
    formula: str


def predict(
    work: Work, configuration: Configuration, concurrency: int, requests: int
) -> Prediction:
    """Return what a burst of so many requests will show, `concurrency` of them in flight."""
    work = _served_by(work, configuration)
    at_once = configuration.in_application(concurrency)
    law = work.contention
    parts = configuration.processes / work.processes
    contended_s = requests / (parts * law.throughput_rps(at_once / parts)) if law else 0.0
    total_s = max(contended_s, _uncontended_s(work, configuration.computing, at_once, requests))
    throughput_rps = requests / total_s
    if throughput_rps * work.cpu_s > NEARLY_FULL * configuration.computing:
        limit: Limit = "cpu"
    elif total_s == contended_s:
        limit = "contention"
    else:
        limit = "threads" if at_once < concurrency else "requests"
    spread = min(MOST_SPREAD, max(LEAST_SPREAD, work.spread))
    p95_ms = MS_PER_S * max(work.wall_s, spread * concurrency / throughput_rps)
    formula = _formula(work, configuration, limit, at_once)
    return Prediction(
        throughput_rps, p95_ms, limit, f"{formula}: {significant(throughput_rps, 3)}/s"
    )


def _served_by(work: Work, configuration: Configuration) -> Work:
    """Return the work with the thread hops and the wait of another configuration."""
    more_s = configuration.hops * HOP_S
    wait_s = max(0.0, work.wait_s + configuration.more_wait_s)
    wall_s = work.wall_s - work.wait_s + wait_s + more_s
    return replace(work, wall_s=wall_s, cpu_s=work.cpu_s + more_s)


def _uncontended_s(work: Work, computing: int, at_once: int, requests: int) -> float:
    """Return the burst's total time if only threads and CPU are limits: the longest of three."""
    shared_s = work.cpu_s / computing
    queued_rps = closed_rps(at_once, work.wall_s, work.cpu_s, computing, work.scv)
    return max(
        # Each of the workers in turn; the last begins when the others have had the CPU.
        ceil(requests / at_once) * work.wall_s + (at_once - 1) * shared_s,
        work.wait_s + requests * shared_s,
        requests / queued_rps,
    )


def _formula(work: Work, configuration: Configuration, limit: Limit, at_once: int) -> str:
    hops = configuration.hops
    each = milliseconds(MS_PER_S * HOP_S)
    extra = f", with {counted(hops, 'thread hop')} of {each}" if hops else ""
    if limit == "cpu":
        on = counted(configuration.computing, "core")
        return f"{seconds_of(work.cpu_s)} of CPU per request on {on}{extra}"
    law = work.contention
    if limit == "contention" and law:
        sizes = " and ".join(map(str, sorted(work.measured_rps)))
        parameters = f"λ = {law.one_rps:.3g}/s, σ = {law.contention:.2g}, κ = {law.coherence:.2g}"
        return f"{at_once} at once, by the scalability law of {sizes} at once ({parameters})"
    return f"{at_once} at once, each for {seconds_of(work.wall_s)}{extra}"
