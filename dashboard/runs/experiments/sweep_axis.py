"""What a sweep goes along: the concurrency of a burst, a rate, or a parameter of the scenario."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log2
from typing import Self

from dashboard.project.labtoml.load import Project
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan import MAX_CONCURRENCY, MAX_RATE_RPS, Plan, Rate
from dashboard.wire.plural import counted

CONCURRENCY, RATE = "concurrency", "rate"
FEWEST_LEVELS, USUAL_LEVELS, MOST_LEVELS = 3, 10, 24


@dataclass(frozen=True)
class Axis:
    """What is swept: the concurrency of a burst, a rate, or a parameter of the scenario."""

    name: str
    low: float
    high: float
    unit: str = ""

    @property
    def whole(self) -> bool:
        """Whether there is nothing between two neighbouring whole numbers."""
        return self.name == CONCURRENCY

    def words(self, at: float) -> str:
        """A level as a person says it: *23 concurrent requests*."""
        if self.name == CONCURRENCY:
            return counted(at, "concurrent request")
        if self.name == RATE:
            return f"{counted(float(f'{at:.4g}'), 'request')} a second"
        return f"{self.name} {at:.4g} {self.unit}".strip()

    def level_of(self, plan: Plan) -> float:
        """The level that a plan was fired at."""
        if isinstance(plan.load, Rate) and self.name == RATE:
            return plan.load.rate_rps
        if self.name == CONCURRENCY:
            return float(plan.load.concurrency)
        return plan.parameters[self.name]

    @classmethod
    def parse(cls, project: Project, scenario: str, text: str) -> Self:
        """Read `concurrency=1..512`, `rate=10..500` or `PARAMETER=0.1..0.9`; raises InvalidPlan."""
        name, _, ends = text.partition("=")
        low, _, high = ends.partition("..")
        known = project.scenarios[scenario].parameters
        if name not in (CONCURRENCY, RATE, *known):
            expected = f"expected one of {', '.join([CONCURRENCY, RATE, *known])}, found {name!r}"
            raise InvalidPlan(Problem("over", expected))
        try:
            axis = cls(name, float(low), float(high), known[name].unit if name in known else "")
        except ValueError:
            expected = f"expected NAME=LOW..HIGH, found {text!r}"
            raise InvalidPlan(Problem("over", expected)) from None
        axis.check()
        return axis

    def check(self) -> None:
        """Raises InvalidPlan where the range is none. A parameter's bounds are the project's."""
        least = {CONCURRENCY: 1.0, RATE: 0.1}.get(self.name, 0.0)
        most = {CONCURRENCY: MAX_CONCURRENCY, RATE: MAX_RATE_RPS}.get(self.name, float("inf"))
        if not (least <= self.low < self.high <= most and isfinite(self.high)):
            bounds = f"{least:g} <= LOW < HIGH" + (f" <= {most:g}" if isfinite(most) else "")
            found = f"{self.low:g}..{self.high:g}"
            raise InvalidPlan(Problem("over", f"expected {bounds}, found {found}"))
        if self.whole and not (self.low.is_integer() and self.high.is_integer()):
            raise InvalidPlan(Problem("over", f"expected whole numbers, found {self.low:g}.."))

    def levels(self, number: int | None) -> tuple[float, ...]:
        """So many levels in geometric steps, both ends included; even steps from 0 on.

        Without a number they about double, and are at most ten.
        """
        if number is None:
            doublings = log2(self.high / self.low) if self.low else FEWEST_LEVELS + 2
            number = min(max(round(doublings), FEWEST_LEVELS) + 1, USUAL_LEVELS)
        shares = [step / (number - 1) for step in range(number)]
        if self.low > 0:
            found = [self.low * (self.high / self.low) ** share for share in shares]
        else:
            found = [self.high * share for share in shares]
        if self.whole:
            found = [float(round(level)) for level in found]
        found[0], found[-1] = self.low, self.high  # to the last bit
        return tuple(sorted(set(found)))
