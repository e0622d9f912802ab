"""The two kinds of load: a burst is closed, a rate is open. What is out of bounds, by its field."""

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

    `send_kb_per_s`: how quickly each client sends; None: as quickly as it can. `every_s`: the time
    between two messages of a connection, where requests are messages on a websocket.
    """

    requests: int
    concurrency: int
    send_kb_per_s: float | None = None
    every_s: float = 0.0
    kind: str = field(default="burst", init=False)

    def theory_s(self, at_a_time: int | None, wait_s: float) -> float:
        """Return ⌈N / k⌉ · d: N requests of which each waits d seconds, k at a time.

        k is at most the concurrency; None: no other limit.
        """
        return ceil(self.requests / min(at_a_time or self.concurrency, self.concurrency)) * wait_s

    def problems(self, most: int = MAX_REQUESTS) -> list[Problem]:
        """What is out of bounds, with at most so many requests; empty when nothing is."""
        problems = _problems(send_kb_per_s=self.send_kb_per_s, every=self.every_s)
        return [*problems, *self._count_problems(most)]

    def _count_problems(self, most: int) -> list[Problem]:
        too_many = PLAN_FIELDS["requests"].problem(self.requests, most)
        problems = [too_many] if too_many else []
        if problems and self.concurrency == self.requests:
            return problems  # all requests were to be in flight at once: that is one mistake
        concurrency = _problems(concurrency=self.concurrency)
        if not concurrency and self.concurrency > self.requests:
            expected = f"expected at most the {self.requests} requests, found {self.concurrency}"
            concurrency = [Problem("concurrency", expected)]
        return [*problems, *concurrency]


@dataclass(frozen=True)
class Rate:
    """An open load: `rate_rps` requests a second for `duration_s`, whether answers come or not.

    The arrivals stand at even distances, or are a Poisson process when `poisson` is set.
    `concurrency` is how many may be in flight. As many as it takes by default, so that nothing
    but the target is seen. Fewer show what a pool of connections does to a measurement: who
    waits for one keeps its `due`, so the response time has the wait, and the service time has
    not (coordinated omission).
    """

    rate_rps: float
    duration_s: float
    poisson: bool = False
    concurrency: int = MAX_CONCURRENCY
    send_kb_per_s: float | None = None
    kind: str = field(default="rate", init=False)

    @property
    def requests(self) -> int:
        """How many requests become due in all."""
        return max(1, round(self.rate_rps * self.duration_s))

    def problems(self, most: int = MAX_REQUESTS) -> list[Problem]:
        """What is out of bounds, with at most so many requests; empty when nothing is."""
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
    """Return the load that `data` describes; one without a `kind` is a burst, as once stored.

    Raises InvalidJson.
    """
    load: Load = read_json(Load, data, ignore_unknown=True)
    return load


def _problems(**values: float | None) -> list[Problem]:
    """Return what is out of bounds, by the names of the plan's fields; None is in bounds."""
    checked = [
        PLAN_FIELDS[name].problem(value) for name, value in values.items() if value is not None
    ]
    return [problem for problem in checked if problem is not None]


def out_of_bounds(name: str, low: object, high: object, found: object) -> Problem:
    """The problem of a number that is not from `low` to `high`."""
    return Problem(name, f"expected {low} to {high}, found {found}")
