"""The question of an experiment as stored, by its kind."""

from typing import NotRequired, TypeAlias, TypedDict

from .plan import StoredPlan


class StoredAxis(TypedDict):
    """What a sweep varies."""

    name: str
    low: float
    high: float
    unit: NotRequired[str]


class SweepQuestion(TypedDict):
    """The question of a sweep; its plan is that of every run, except for what is swept."""

    axis: StoredAxis
    levels: list[float]
    plan: StoredPlan
    requests: NotRequired[int | None]
    duration_s: NotRequired[float]


class StoredCell(TypedDict):
    """One variant at one server; `refusal` is why it cannot be fired."""

    variant: str
    server: str
    refusal: NotRequired[str]


class MatrixQuestion(TypedDict):
    """The question of a matrix; its plan is that of every run, except for its lanes."""

    variants: list[str]
    servers: list[str]
    cells: list[StoredCell]
    plan: StoredPlan
    baseline: str


class MixQuestion(TypedDict):
    """The question of a mix: `plan` is that of the mix, `alone` that of each view by its name."""

    plan: StoredPlan
    alone: dict[str, StoredPlan]
    blocks: int
    leave_out: bool


class ClaimsQuestion(TypedDict):
    """The names of the claims that are fired."""

    claims: list[str]


class StoredChoice(TypedDict):
    """A lane that a view could be served by instead, and what it changes."""

    change: str
    lane: str
    processes: int
    threads: int | None
    asgi: NotRequired[bool]
    stand_in: NotRequired[bool]
    more_wait_s: NotRequired[float]


class StoredView(TypedDict):
    """A row of a survey; `plan` is that of its first run, None if it cannot be fired."""

    scenario: str
    variant: str
    title: str
    view: str
    family: str
    lane: str
    weight: float
    processes: int
    threads: int | None
    plan: StoredPlan | None
    choices: list[StoredChoice]
    refusal: NotRequired[str]


class SurveyQuestion(TypedDict):
    """The question of a survey: today's server, the loads, and the views."""

    server: str
    concurrency: list[int]
    rounds: int
    seed: int
    views: list[StoredView]
    mix: NotRequired[str]


class StoredLimits(TypedDict):
    """What a capacity is to hold."""

    rate_rps: float
    p95_ms: float
    error_share: float
    memory_mb: NotRequired[float | None]


class StoredConfiguration(TypedDict):
    """A lane and how it is served."""

    lane: str
    processes: int
    threads: int | None


class StoredLadder(TypedDict):
    """The configurations of one variant at one server."""

    alone: str
    configurations: list[StoredConfiguration]


class CapacityQuestion(TypedDict):
    """The question of a capacity; its plan is that of every run, except for lane and rate."""

    plan: StoredPlan
    limits: StoredLimits
    duration_s: float
    ladders: list[StoredLadder]


Question: TypeAlias = (
    SweepQuestion
    | MatrixQuestion
    | MixQuestion
    | ClaimsQuestion
    | SurveyQuestion
    | CapacityQuestion
)
