"""What to fire: frozen, checked when made, to and from JSON.

A `Plan` is what a person asked for and what is stored; a `Firing` is one load at one
address, which is all that the engine is ever told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from .errors import InvalidPlan, Problem

MAX_REQUESTS = 100_000  # in one burst
MAX_CONCURRENCY = 10_000
MAX_ROUNDS = 100
MAX_LANES = 6  # what the page can show side by side
MAX_RUN_REQUESTS = 1_000_000  # requests x lanes x rounds
MAX_TIMEOUT_S = 300.0
MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class Burst:
    """A closed load: `requests` in all, at most `concurrency` of them in flight."""

    requests: int
    concurrency: int
    kind: str = field(default="burst", init=False)


@dataclass(frozen=True)
class Lane:
    """A variant at a server, written `variant@server`."""

    variant: str
    server: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `variant@server`; raises InvalidPlan for anything else."""
        variant, at, server = text.strip().partition("@")
        if not (variant and at and server) or "@" in server:
            raise InvalidPlan(Problem("lanes", f"expected VARIANT@SERVER, found {text!r}"))
        return cls(variant, server)

    def __str__(self) -> str:
        return f"{self.variant}@{self.server}"


@dataclass(frozen=True)
class Plan:
    """A run as it was asked for: scenario x lanes x load x rounds.

    Raises InvalidPlan, with every problem by its field, when a number is out of bounds.
    Whether scenario, lanes and parameters exist is the project's to say (`Project.check`).
    """

    scenario: str
    lanes: tuple[Lane, ...]
    load: Burst
    rounds: int
    seed: int
    parameters: Mapping[str, float]
    timeout_s: float

    def __post_init__(self) -> None:
        problems = [*self._load_problems(), *self._run_problems()]
        if problems:
            raise InvalidPlan(*problems)

    def _load_problems(self) -> list[Problem]:
        load, problems = self.load, []
        if not 1 <= load.requests <= MAX_REQUESTS:
            problems.append(_out_of_bounds("requests", 1, MAX_REQUESTS, load.requests))
        if problems and load.concurrency == load.requests:
            return problems  # it was to be everybody at once, so there is one mistake and not two
        if not 1 <= load.concurrency <= MAX_CONCURRENCY:
            problems.append(_out_of_bounds("concurrency", 1, MAX_CONCURRENCY, load.concurrency))
        elif load.concurrency > load.requests:
            problems.append(
                Problem(
                    "concurrency",
                    f"expected at most the {load.requests} requests, found {load.concurrency}",
                )
            )
        return problems

    def _run_problems(self) -> list[Problem]:
        problems = []
        if not 1 <= len(self.lanes) <= MAX_LANES:
            problems.append(
                Problem("lanes", f"expected 1 to {MAX_LANES} lanes, found {len(self.lanes)}")
            )
        if len(set(self.lanes)) < len(self.lanes):
            problems.append(Problem("lanes", "expected each lane once"))
        if not 1 <= self.rounds <= MAX_ROUNDS:
            problems.append(_out_of_bounds("rounds", 1, MAX_ROUNDS, self.rounds))
        if not 0 <= self.seed <= MAX_SEED:
            problems.append(_out_of_bounds("seed", 0, MAX_SEED, self.seed))
        if not 0 < self.timeout_s <= MAX_TIMEOUT_S:
            problems.append(
                _out_of_bounds("timeout", "above 0", f"{MAX_TIMEOUT_S:g} s", self.timeout_s)
            )
        total = self.load.requests * len(self.lanes) * self.rounds
        if not problems and total > MAX_RUN_REQUESTS:
            problems.append(
                Problem(
                    "requests",
                    f"expected at most {MAX_RUN_REQUESTS:,} in one run"
                    f" (requests x lanes x rounds), found {total:,}",
                )
            )
        return problems

    def to_json(self) -> dict[str, Any]:
        """A JSON object from which `from_json` makes an equal plan."""
        return {
            **asdict(self),
            "lanes": [str(lane) for lane in self.lanes],
            "parameters": dict(self.parameters),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote; raises InvalidPlan where it does not hold."""
        try:
            load = data["load"]
            return cls(
                scenario=data["scenario"],
                lanes=tuple(Lane.parse(lane) for lane in data["lanes"]),
                load=Burst(load["requests"], load["concurrency"]),
                rounds=data["rounds"],
                seed=data["seed"],
                parameters=data["parameters"],
                timeout_s=data["timeout_s"],
            )
        except (KeyError, TypeError) as error:
            raise InvalidPlan(Problem("plan", f"expected a stored plan, found {error!r}")) from None


@dataclass(frozen=True)
class Firing:
    """One load at one address: what the engine is told, and all that it knows.

    `lane` and `round` only label the frames. Round 0 is the warm-up.
    """

    lane: int
    round: int
    host: str
    port: int
    path: str
    load: Burst
    timeout_s: float
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON object from which `from_json` makes an equal firing."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote. Raises KeyError or TypeError: only our own code writes it."""
        load = data["load"]
        return cls(
            **{
                **data,
                "load": Burst(load["requests"], load["concurrency"]),
                "headers": tuple((name, value) for name, value in data["headers"]),
            }
        )


def _out_of_bounds(name: str, low: object, high: object, found: object) -> Problem:
    return Problem(name, f"expected {low} to {high}, found {found}")
