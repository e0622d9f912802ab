"""The two kinds of load: a burst is closed, a rate is open. What is out of bounds, by its field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from .codec import read_json
from .errors import Problem

MAX_REQUESTS = 100_000  # in one firing
MAX_CONCURRENCY = 10_000
MAX_RATE_RPS = 10_000.0  # well below what an engine can send on one core
MAX_DURATION_S = 600.0
MIN_SEND_KB_PER_S, MAX_SEND_KB_PER_S = 1.0, 1_000_000.0
MAX_EVERY_S = 60.0


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

    def problems(self, most: int = MAX_REQUESTS) -> list[Problem]:
        """What is out of bounds, with at most so many requests; empty when nothing is."""
        problems = _sending_problems(self.send_kb_per_s)
        if not 0 <= self.every_s <= MAX_EVERY_S:
            problems.append(out_of_bounds("every", 0, f"{MAX_EVERY_S:g} s", self.every_s))
        return [*problems, *self._count_problems(most)]

    def _count_problems(self, most: int) -> list[Problem]:
        problems = []
        if not 1 <= self.requests <= most:
            problems.append(out_of_bounds("requests", 1, most, self.requests))
        if problems and self.concurrency == self.requests:
            return problems  # it was to be everybody at once, so there is one mistake and not two
        if not 1 <= self.concurrency <= MAX_CONCURRENCY:
            problems.append(out_of_bounds("concurrency", 1, MAX_CONCURRENCY, self.concurrency))
        elif self.concurrency > self.requests:
            problems.append(
                Problem(
                    "concurrency",
                    f"expected at most the {self.requests} requests, found {self.concurrency}",
                )
            )
        return problems


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
        problems = _sending_problems(self.send_kb_per_s)
        if not 0 < self.rate_rps <= MAX_RATE_RPS:
            problems.append(
                out_of_bounds("rate", "above 0", f"{MAX_RATE_RPS:g} a second", self.rate_rps)
            )
        if not 0 < self.duration_s <= MAX_DURATION_S:
            problems.append(
                out_of_bounds("duration", "above 0", f"{MAX_DURATION_S:g} s", self.duration_s)
            )
        if not problems and self.requests > most:
            message = f"expected at most {most:,} requests (rate x duration)"
            problems.append(Problem("duration", f"{message}, found {self.requests:,}"))
        if not 1 <= self.concurrency <= MAX_CONCURRENCY:
            problems.append(out_of_bounds("concurrency", 1, MAX_CONCURRENCY, self.concurrency))
        return problems


Load: TypeAlias = Burst | Rate


def load_from_json(data: object) -> Load:
    """Return the load that `data` describes; one without a `kind` is a burst, as once stored.

    Raises InvalidJson.
    """
    load: Load = read_json(Load, data, ignore_unknown=True)
    return load


def _sending_problems(send_kb_per_s: float | None) -> list[Problem]:
    low, high = MIN_SEND_KB_PER_S, MAX_SEND_KB_PER_S
    if send_kb_per_s is None or low <= send_kb_per_s <= high:
        return []
    return [out_of_bounds("send_kb_per_s", f"{low:g}", f"{high:g} KB/s", send_kb_per_s)]


def out_of_bounds(name: str, low: object, high: object, found: object) -> Problem:
    """The problem of a number that is not from `low` to `high`."""
    return Problem(name, f"expected {low} to {high}, found {found}")
