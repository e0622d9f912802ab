"""The numbers of a plan: one description each, for form, command line, lab.toml, checks and docs.

To add a number, add an entry here and a field to the load or the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dashboard.wire.errors import Problem

if TYPE_CHECKING:
    from argparse import _ActionsContainer

MAX_REQUESTS = 100_000  # in one firing
MAX_CONCURRENCY = 10_000
MAX_RATE_RPS = 10_000.0  # well below the capacity of a load generator on one core
MAX_DURATION_S = 600.0
MAX_ROUNDS = 100
MAX_SEED = 2**31 - 1
MAX_TIMEOUT_S = 300.0
MAX_LIMIT_S = 3600.0
DEFAULT_TIMEOUT_S = 30.0
MARGIN = 0.03


@dataclass(frozen=True)
class PlanField:
    """A number: its name in problems and forms, its label on the page, its option, its bounds.

    `above_low`: the lower bound itself is not allowed. `help` describes the option; `unit` ends
    the bounds in messages.
    """

    name: str
    label: str
    option: str
    kind: type[int] | type[float]
    low: float
    high: float
    help: str
    unit: str = ""
    above_low: bool = False
    default: float | None = None

    @property
    def step(self) -> str:
        """The `step` of an HTML number field."""
        return "1" if self.kind is int else "any"

    def problem(self, value: float, high: float | None = None) -> Problem | None:
        """Return what is wrong with a value, None if nothing; `high` replaces the upper bound."""
        high = self.high if high is None else high
        if (self.low < value if self.above_low else self.low <= value) and value <= high:
            return None
        return Problem(self.name, f"expected {self.bounds(high)}, found {value}")

    def bounds(self, high: float | None = None) -> str:
        """Return the bounds in words: *1 to 100*, *above 0 to 600 s*."""
        low = f"{'above ' if self.above_low else ''}{self._number(self.low)}"
        unit = f" {self.unit}" if self.unit else ""
        return f"{low} to {self._number(self.high if high is None else high)}{unit}"

    def add_option(self, parser: _ActionsContainer, **changes: Any) -> None:
        """Add the command line's option; `changes` are keywords of `add_argument`."""
        keywords = {
            "dest": self.name,
            "type": self.kind,
            "default": self.default,
            "help": self.help.replace("%", "%%"),
        }
        parser.add_argument(self.option, **{**keywords, **changes})

    def _number(self, value: float) -> str:
        return str(value) if self.kind is int else f"{value:g}"


def _by_name(*fields: PlanField) -> Mapping[str, PlanField]:
    return MappingProxyType({field.name: field for field in fields})


PLAN_FIELDS = _by_name(
    PlanField("requests", "Requests", "-n", int, 1, MAX_REQUESTS, "requests in a round"),
    PlanField(
        "concurrency", "Maximum in flight", "-c", int, 1, MAX_CONCURRENCY,
        "requests in flight, at most",
    ),
    PlanField(
        "rate", "Requests per second", "--rate", float, 0, MAX_RATE_RPS,
        "requests per second, independent of responses", unit="a second", above_low=True,
    ),
    PlanField(
        "duration", "Duration, s", "--duration", float, 0, MAX_DURATION_S,
        "seconds that the rate lasts", unit="s", above_low=True,
    ),
    PlanField(
        "send_kb_per_s", "Upload speed, KB/s", "--send-kb-per-s", float, 1.0, 1_000_000.0,
        "upload speed of each client, in KB per second", unit="KB/s",
    ),
    PlanField(
        "every", "Between messages, s", "--every", float, 0, 60.0,
        "seconds between messages of a websocket", unit="s",
    ),
    PlanField("rounds", "Rounds", "--rounds", int, 1, MAX_ROUNDS, "rounds that count"),
    PlanField(
        "seed", "Seed", "--seed", int, 0, MAX_SEED,
        "draws the order of the lanes and Poisson arrivals",
    ),
    PlanField(
        "timeout", "Timeout, s", "--timeout", float, 0, MAX_TIMEOUT_S,
        "seconds per request, from when it is due", unit="s", above_low=True,
        default=DEFAULT_TIMEOUT_S,
    ),
    PlanField(
        "limit", "Limit, s", "--limit", float, 0, MAX_LIMIT_S,
        "with --until-sure: seconds for the rounds after the third", unit="s",
    ),
    PlanField(
        "margin", "Margin", "--margin", float, 0, 0.5,
        "smallest difference that counts; 0.03 is 3 %", above_low=True, default=MARGIN,
    ),
)  # fmt: skip
