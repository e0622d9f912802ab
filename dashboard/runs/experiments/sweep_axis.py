"""The axis of a sweep: the concurrency of a burst, a rate, or a parameter of the scenario."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log2
from typing import Self

from dashboard.project.project import Project
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan.plan import MAX_CONCURRENCY, MAX_RATE_RPS, Plan, Rate
from dashboard.wire.plural import counted

CONCURRENCY, RATE = "concurrency", "rate"
FEWEST_LEVELS, USUAL_LEVELS, MOST_LEVELS = 3, 10, 24


@dataclass(frozen=True)
class Axis:
    """What is swept, from `low` to `high`."""

    name: str
    low: float
    high: float
    unit: str = ""

    @property
    def whole(self) -> bool:
        """True if levels are whole numbers."""
        return self.name == CONCURRENCY

    def words(self, at: float) -> str:
        """Return a level in words: *23 concurrent requests*."""
        if self.name == CONCURRENCY:
            return counted(at, "concurrent request")
        if self.name == RATE:
            return f"{counted(float(f'{at:.4g}'), 'request')} per second"
        return f"{self.name} {at:.4g} {self.unit}".strip()

    def level_of(self, plan: Plan) -> float:
        """Return the level of a plan."""
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
        parameters = project.scenarios[scenario].parameters
        names = (CONCURRENCY, RATE, *parameters)
        if name not in names:
            raise InvalidPlan(
                Problem("over", f"expected one of {', '.join(names)}, found {name!r}")
            )
        unit = parameters[name].unit if name in parameters else ""
        try:
            axis = cls(name, float(low), float(high), unit)
        except ValueError:
            expected = f"expected NAME=LOW..HIGH, found {text!r}"
            raise InvalidPlan(Problem("over", expected)) from None
        axis.check()
        return axis

    def check(self) -> None:
        """Raise InvalidPlan if the range is invalid; the project checks a parameter's bounds."""
        least = {CONCURRENCY: 1.0, RATE: 0.1}.get(self.name, 0.0)
        most = {CONCURRENCY: MAX_CONCURRENCY, RATE: MAX_RATE_RPS}.get(self.name, float("inf"))
        if not (least <= self.low < self.high <= most and isfinite(self.high)):
            bounds = f"{least:g} <= LOW < HIGH" + (f" <= {most:g}" if isfinite(most) else "")
            given = f"{self.low:g}..{self.high:g}"
            raise InvalidPlan(Problem("over", f"expected {bounds}, found {given}"))
        if self.whole and not (self.low.is_integer() and self.high.is_integer()):
            raise InvalidPlan(Problem("over", f"expected whole numbers, found {self.low:g}.."))

    def levels(self, number: int | None) -> tuple[float, ...]:
        """Return so many levels in geometric steps, both ends included; in even steps from 0.

        Without a number each level about doubles the one before, and there are at most ten.
        """
        if number is None:
            doublings = log2(self.high / self.low) if self.low else FEWEST_LEVELS + 2
            number = min(max(round(doublings), FEWEST_LEVELS) + 1, USUAL_LEVELS)
        shares = [step / (number - 1) for step in range(number)]
        if self.low > 0:
            levels = [self.low * (self.high / self.low) ** share for share in shares]
        else:
            levels = [self.high * share for share in shares]
        if self.whole:
            levels = [float(round(level)) for level in levels]
        levels[0], levels[-1] = self.low, self.high  # to the last bit
        return tuple(sorted(set(levels)))
