"""A row of a survey as it is stored with the question."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dashboard.analysis.model.view_model import Configuration
from dashboard.wire.plan.plan import Burst, Lane, Plan

from .choices import Choice


@dataclass(frozen=True)
class View:
    """A row of a survey: a scenario's variant at today's server.

    `view` is its code, or else its path. `threads` in each of `processes` serve it, None without a
    limit. `plan` is that of its first run; None if it cannot be fired, for the reason `refusal`.
    """

    scenario: str
    variant: str
    title: str
    view: str
    family: str
    lane: Lane
    weight: float
    processes: int
    threads: int | None
    plan: Plan | None
    choices: tuple[Choice, ...]
    refusal: str = ""

    def configuration(self, cores: int) -> Configuration:
        """Return how it is served today, on so many cores."""
        return Configuration(self.processes, self.threads, cores)

    def plan_with(self, load: Burst, rounds: int, *others: Lane) -> Plan:
        """Return the plan of another run: today's lane, and others beside it."""
        if self.plan is None:
            raise ValueError(f"{self.scenario} cannot be fired: {self.refusal}")
        return replace(self.plan, load=load, rounds=rounds, lanes=(self.lane, *others))
