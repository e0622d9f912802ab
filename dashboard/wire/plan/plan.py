"""What to fire: frozen, checked when made, with a JSON form.

A `Plan` describes a run, as requested and stored; a `Firing` is one load at one address, the
only input of the load generator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self, cast

from dashboard.wire.codec import InvalidJson, JsonObject, Textual, json_key
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.stored.plan import StoredPlan

from .fields import (
    MARGIN,
    MAX_CONCURRENCY,
    MAX_DURATION_S,
    MAX_RATE_RPS,
    MAX_REQUESTS,
    MAX_ROUNDS,
    MAX_SEED,
    MAX_TIMEOUT_S,
    PLAN_FIELDS,
)
from .load import Burst, Load, Rate, load_from_json
from .mix import MAX_VIEWS, assignment
from .request_mode import PLAIN, RequestMode

# The loads are exported from here, since they are part of the contract.
__all__ = [
    "BYSTANDER_RPS",
    "CLIENTS",
    "ENGINE",
    "MARGIN",
    "MAX_CONCURRENCY",
    "MAX_DURATION_S",
    "MAX_LANES",
    "MAX_RATE_RPS",
    "MAX_REQUESTS",
    "MAX_ROUNDS",
    "MAX_RUN_REQUESTS",
    "MAX_SEED",
    "MAX_TIMEOUT_S",
    "TWIN",
    "Burst",
    "Firing",
    "Lane",
    "Load",
    "Plan",
    "Rate",
    "load_from_json",
]

MAX_LANES = 6  # what the page can show side by side
MAX_RUN_REQUESTS = 1_000_000  # requests x lanes x rounds

ENGINE = "engine"  # no other client: the load generator itself fires
CLIENTS = (ENGINE, "httpx", "httpx-shared", "aiohttp", "requests-threads")
BYSTANDER_RPS = 20.0
TWIN = "#2"  # after a server's name: a separate target


@dataclass(frozen=True)
class Lane(Textual):
    """A variant at a server, written `variant@server`."""

    variant: str
    server: str

    @property
    def twin(self) -> Lane:
        """The same lane at a separate target, for an A/A run."""
        return Lane(self.variant, self.server + TWIN)

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
class Plan(JsonObject):
    """A run as requested: scenario x lanes x load x rounds.

    Raises InvalidPlan, with every problem by its field, if a number is out of bounds. Whether
    scenario, lanes and parameters exist is checked by `Project.check`.

    `client`: the load generator itself, or the name of a client library to fire with.
    `until_sure`: the run ends as soon as every comparison is decided; `rounds` is the maximum.
    `limit_s`: about how long it may go on after its third round; None: until it is certain.
    `control`: an A/A run, of one lane at two separately started targets.
    `margin`: the smallest difference that counts; 0.03 is 3 %.
    `bystander`: requests to an unrelated view are fired beside the load, if the project has one.
    `where`: after its rounds each lane is fired at once more, sampled; that firing never counts.
    `mix`: the views that the requests are to and their weights, if it is a mix's scenario.
    """

    ignores_unknown_keys: ClassVar[bool] = True

    scenario: str
    lanes: tuple[Lane, ...]
    load: Load
    rounds: int
    seed: int
    parameters: Mapping[str, float]
    timeout_s: float
    client: str = ENGINE
    until_sure: bool = False
    limit_s: float | None = None
    control: bool = False
    margin: float = MARGIN
    bystander: bool = field(default=True, metadata=json_key("neighbour"))
    where: bool = False
    mix: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = [*self.load.problems(), *self._run_problems()]
        if not problems:
            problems = self._total_problems()
        if problems:
            raise InvalidPlan(*problems)

    def _run_problems(self) -> list[Problem]:
        problems = []
        if not 1 <= len(self.lanes) <= MAX_LANES:
            problems.append(
                Problem("lanes", f"expected 1 to {MAX_LANES} lanes, found {len(self.lanes)}")
            )
        if len(set(self.lanes)) < len(self.lanes):
            problems.append(Problem("lanes", "expected each lane once"))
        numbers = {
            "rounds": self.rounds,
            "seed": self.seed,
            "timeout": self.timeout_s,
            "margin": self.margin,
        }
        if self.limit_s is not None:
            numbers["limit"] = self.limit_s
        checked = [PLAN_FIELDS[name].problem(value) for name, value in numbers.items()]
        problems += [problem for problem in checked if problem is not None]
        if self.limit_s is not None and not self.until_sure:
            message = f"expected a run until certain, found {self.rounds} fixed rounds"
            problems.append(Problem("limit", message))
        if len(self.mix) > MAX_VIEWS or any(weight <= 0 for weight in self.mix.values()):
            message = f"expected at most {MAX_VIEWS} views, each with a weight above 0"
            problems.append(Problem("mix", message))
        if self.client not in CLIENTS:
            expected = f"expected one of {', '.join(CLIENTS)}, found {self.client!r}"
            problems.append(Problem("client", expected))
        return problems

    def _total_problems(self) -> list[Problem]:
        total = self.load.requests * len(self.lanes) * self.rounds
        if total <= MAX_RUN_REQUESTS:
            return []
        return [
            Problem(
                "duration" if isinstance(self.load, Rate) else "requests",
                f"expected at most {MAX_RUN_REQUESTS:,} requests in one run"
                f" (requests x lanes x rounds), found {total:,}",
            )
        ]

    def to_json(self) -> StoredPlan:
        """Return the plan as it is stored with its run; only that of a mix has its views."""
        stored = {**super().to_json()}
        if not self.mix:
            del stored["mix"]
        return cast(StoredPlan, stored)

    def views_in(self, number: int) -> Sequence[int]:
        """Return the view of each request of round `number`, by its place in `mix`."""
        return assignment(tuple(self.mix.values()), self.load.requests, self.seed + number)

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Return the plan that `to_json` wrote, also in an older version; raises InvalidPlan."""
        try:
            return super().from_json(data)
        except InvalidJson as error:
            raise InvalidPlan(Problem("plan", f"expected a stored plan; {error}")) from None


@dataclass(frozen=True)
class Firing(JsonObject):
    """One load at one address: all that the load generator is given.

    `lane` and `round` only label the frames. Round 0 is the warm-up. `seed` draws the arrivals
    of a Poisson load: the same seed for each lane of a round gives them the same arrivals.
    `keep_alive` false: a connection for each request. `await_continue`: the body waits for the
    server's `100 Continue`. `tls`: encrypted; the certificate is verified, except on loopback
    without `ca`, a file with authorities. `client`: the load
    generator itself, or the name of a client library to fire with. `bystander_path`: BYSTANDER_RPS
    requests per second are sent to it beside the load; None: there are none. `engines` is the
    number of processes that share the load, and `engine` the number of this one, from 0.
    """

    lane: int
    round: int
    host: str
    port: int
    path: str
    load: Load
    timeout_s: float
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    seed: int = 0
    keep_alive: bool = True
    await_continue: bool = False
    tls: bool = False
    ca: str | None = None
    client: str = ENGINE
    bystander_path: str | None = field(default=None, metadata=json_key("neighbour"))
    request_mode: RequestMode = field(default=PLAIN, metadata=json_key("manner"))
    engine: int = 0
    engines: int = 1

    @property
    def slots(self) -> range:
        """The slots of this process, out of the requests that may be in flight together."""
        return range(self.engine, self.load.concurrency, self.engines)

    @property
    def numbers(self) -> Sequence[int]:
        """The requests of this process, ascending: those of its slots if all took equally long.

        So its share of the requests equals its share of the slots, up to the end: N requests of
        d seconds in C slots take ⌈N / C⌉ · d with any number of processes.
        """
        requests, slots = range(self.load.requests), self.load.concurrency
        if self.engines == 1:
            return requests
        return [number for number in requests if number % slots % self.engines == self.engine]
