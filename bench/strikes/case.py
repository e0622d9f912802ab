"""Which process receives which signal when, and what became of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cached_property

VICTIMS = ("target", "worker", "companion", "engine", "guard", "dashboard", "terminal")
SIGNALS = ("KILL", "TERM", "STOP")
STAGES = ("starting", "running", "late", "warm")
STARTERS = ("dashboard", "terminal")
ACTIVE = ("waiting", "starting", "running")
# A command costs three times the CPU time of a run on a dashboard that is there already.
STARTERS_OF_OTHERS = ("dashboard", "dashboard", "terminal")
PAUSES_S = {"starting": (0.0, 0.8), "running": (0.0, 0.8), "late": (0.8, 1.6), "warm": (0.0, 0.3)}


@dataclass(frozen=True)
class Case:
    """Which process receives which signal; the seed decides starter, stage and moment."""

    victim: str
    signal: str
    seed: int

    @property
    def name(self) -> str:
        """Its name in the file of results."""
        return f"{self.victim}-{self.signal}-{self.seed}"

    @cached_property
    def moment(self) -> Moment:
        """Starter, stage and pause, drawn by the seed."""
        chance = random.Random(self.name)
        drawn = chance.choice(STARTERS_OF_OTHERS)
        starter = self.victim if self.victim in STARTERS else drawn
        stage = chance.choice(STAGES[:3] if starter == "terminal" else STAGES)
        return Moment(starter, stage, chance.uniform(*PAUSES_S[stage]), chance.random())


@dataclass(frozen=True)
class Moment:
    """When a case strikes: so many seconds after a stage has begun. `which` (0 to 1) chooses."""

    starter: str
    stage: str
    pause_s: float
    which: float


@dataclass
class Result:
    """What became of one strike; without `faults` every promise held.

    `gone_s` is the longest that anything which had to be gone was still there.
    """

    case: str
    starter: str
    stage: str
    status: str = ""
    problem: str = ""
    gone_s: float = 0.0
    took_s: float = 0.0
    faults: list[str] = field(default_factory=list)

    def expect(self, condition: object, fault: str) -> None:
        """Note a fault if the condition does not hold."""
        if not condition:
            self.faults.append(fault)
