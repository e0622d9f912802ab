"""The two kinds of load, a closed burst and an open rate, with their bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TypeAlias

from dashboard.wire.codec import read_json
from dashboard.wire.errors import Problem

from .fields import MAX_CONCURRENCY, MAX_REQUESTS, PLAN_FIELDS


@dataclass(frozen=True)
class Burst:
    """A closed load: `requests` in all, at most `concurrency` of them in flight.

    `send_kb_per_s`: the upload speed of each client; None: unlimited. `every_s`: the time between
    two messages of a connection, if requests are messages on a websocket.
    """

    requests: int
    concurrency: int
    send_kb_per_s: float | None = None
    every_s: float = 0.0
    kind: str = field(default="burst", init=False)

    def theory_s(self, at_a_time: int | None, wait_s: float) -> float:
        """Return ⌈N / k⌉ · d, for N requests that wait d seconds each, k at a time.

        k is at most the concurrency; `at_a_time` None: there is no other limit.
        """
        return ceil(self.requests / min(at_a_time or self.concurrency, self.concurrency)) * wait_s

    def problems(self, most: int = MAX_REQUESTS) -> list[Problem]:
        """Return the fields that are out of bounds; `most` is the maximum of requests."""
        problems = _problems(send_kb_per_s=self.send_kb_per_s, every=self.every_s)
        return [*problems, *self._count_problems(most)]

    def _count_problems(self, most: int) -> list[Problem]:
        too_many = PLAN_FIELDS["requests"].problem(self.requests, most)
        problems = [too_many] if too_many else []
        if problems and self.concurrency == self.requests:
            return problems  # all requests at once: one mistake, reported once
        concurrency = _problems(concurrency=self.concurrency)
        if not concurrency and self.concurrency > self.requests:
            expected = f"expected at most the {self.requests} requests, found {self.concurrency}"
            concurrency = [Problem("concurrency", expected)]
        return [*problems, *concurrency]


@dataclass(frozen=True)
class Rate:
    """An open load: `rate_rps` requests per second for `duration_s`, independent of responses.

    Arrivals are evenly spaced, or a Poisson process if `poisson` is set. `concurrency` limits the
    requests in flight; by default there is no effective limit, so that only the target is measured.
    A lower one shows the effect of a pool of connections: a request that waits for one keeps its
    `due`, so its response time includes the wait and its service time does not (coordinated
    omission).
    """

    rate_rps: float
    duration_s: float
    poisson: bool = False
    concurrency: int = MAX_CONCURRENCY
    send_kb_per_s: float | None = None
    kind: str = field(default="rate", init=False)

    @property
    def requests(self) -> int:
        """The number of requests in all."""
        return max(1, round(self.rate_rps * self.duration_s))

    def problems(self, most: int = MAX_REQUESTS) -> list[Problem]:
        """Return the fields that are out of bounds; `most` is the maximum of requests."""
        problems = _problems(
            send_kb_per_s=self.send_kb_per_s, rate=self.rate_rps, duration=self.duration_s
        )
        if not problems and self.requests > most:
            message = f"expected at most {most:,} requests (rate x duration)"
            problems.append(Problem("duration", f"{message}, found {self.requests:,}"))
        problems += _problems(concurrency=self.concurrency)
        return problems


Load: TypeAlias = Burst | Rate


def load_from_json(data: object) -> Load:
    """Return the load that `data` describes; without a `kind`, as in older runs, it is a burst.

    Raises InvalidJson.
    """
    load: Load = read_json(Load, data, ignore_unknown=True)
    return load


def _problems(**values: float | None) -> list[Problem]:
    """Return the values that are out of bounds, by plan field; None is in bounds."""
    checked = [
        PLAN_FIELDS[name].problem(value) for name, value in values.items() if value is not None
    ]
    return [problem for problem in checked if problem is not None]


def out_of_bounds(name: str, low: object, high: object, found: object) -> Problem:
    """Return the problem of a number outside `low` to `high`."""
    return Problem(name, f"expected {low} to {high}, found {found}")
