"""The types of a sweep's answer: what `manage.py sweep --json` prints and the page draws."""

from typing import Literal, TypedDict

from .crossover import CrossoverReport, Standing


class SweepAxis(TypedDict):
    """The quantity that is varied. `whole`: its levels are whole numbers."""

    name: str
    low: float
    high: float
    unit: str
    whole: bool


class LevelNumbers(TypedDict):
    """A lane's numbers at one level; None where nothing was measured."""

    throughput_rps: float | None
    p50_ms: float | None
    p95_ms: float | None
    requests: int | None
    failed: int | None
    keeps_up: bool | None


class LevelLane(LevelNumbers):
    """A lane at one level, and how it compares with the baseline there."""

    lane: str
    theory_rps: float | None
    standing: Standing | Literal["baseline"]
    ratio: float | None
    interval: list[float] | None
    why: str | None


class SweepLevel(TypedDict):
    """One level, measured by one run."""

    at: float
    run: str
    status: str
    problem: str
    log_tail: str
    words: str
    requests: int
    lanes: list[LevelLane]


class SweepCrossover(CrossoverReport):
    """Where a lane and the baseline cross, and the level from which they do in theory."""

    lane: str
    baseline: str
    theory_from: int | None
    sentence: str


class SweepAnswer(TypedDict):
    """Each lane at each level, and the crossovers, from the runs so far."""

    experiment: str
    kind: str
    status: str
    problem: str
    project: str
    scenario: str
    over: SweepAxis
    lanes: list[str]
    baseline: str
    families: dict[str, str]
    rounds: int
    margin: float
    seed: int
    parameters: dict[str, float]
    planned: list[float]
    levels: list[SweepLevel]
    running: str | None
    crossovers: list[SweepCrossover]
    sentence: str
