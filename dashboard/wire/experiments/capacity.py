"""The types of a capacity's answer: the least configuration that holds a rate, and how much more.

`manage.py capacity --json` prints it and the page shows it; docs/capacity.md describes the rules.
None: unknown. Times are in milliseconds, rates in requests per second, memory in MiB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from dashboard.wire.codec import JsonObject

# Whether a configuration held the requested rate; `undecided`: in some rounds.
CandidateState: TypeAlias = Literal["holds", "fails", "undecided", "running", "failed"]
# What had run out; `alone`: nothing, since one request alone takes longer than its limit.
Knee: TypeAlias = Literal["cpu", "threads", "waiting", "memory", "errors", "alone"]


@dataclass(frozen=True)
class TriedRate:
    """One rate at one lane; `held` is None if some rounds held and others did not.

    `why` is what was not held, empty if everything was.
    """

    rate_rps: float
    run: str
    held: bool | None
    why: str
    p95_ms: float | None
    achieved_rps: float | None
    memory_mb: float | None
    cores: float | None


@dataclass(frozen=True)
class CandidateReport:
    """A configuration that was fired: `threads` in each of `processes`, None without a limit.

    It holds at least `low_rps`, the highest rate below which nothing failed, and less than
    `high_rps`, the lowest above which nothing held. `memory_mb` is the peak and `cores` the average
    at `low_rps`. `knee` is what it had run out of at `high_rps`. `tried` is in ascending order.
    """

    lane: str
    processes: int
    threads: int | None
    predicted_rps: float
    state: CandidateState
    low_rps: float | None
    high_rps: float | None
    memory_mb: float | None
    cores: float | None
    knee: Knee | None
    why: str
    tried: tuple[TriedRate, ...]


@dataclass(frozen=True)
class Extrapolated:
    """What nothing has measured: the rate of `cores` cores, if each one more brought as much."""

    cores: float
    rate_rps: float


@dataclass(frozen=True)
class CapacityAnswer(JsonObject):
    """The candidates in the order of their price, and the least of them that holds the rate.

    `best` is its lane, None if none holds; `largest` the one that was bisected then.
    `machine_cores` are those that targets may use.
    """

    ignores_unknown_keys: ClassVar[bool] = True

    experiment: str
    kind: str
    status: str
    problem: str
    project: str
    scenario: str
    rate_rps: float
    p95_ms: float
    error_share: float
    memory_mb: float | None
    rounds: int
    duration_s: float
    seed: int
    parameters: dict[str, float]
    machine_cores: int
    candidates: tuple[CandidateReport, ...]
    best: str | None
    largest: str | None
    extrapolated: Extrapolated | None
    running: str | None
    sentence: str

    def candidate(self, lane: str | None) -> CandidateReport | None:
        """Return the candidate of a lane; None if there is none."""
        return next((each for each in self.candidates if each.lane == lane), None)
