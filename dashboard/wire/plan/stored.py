"""The JSON of what is stored before a run: its plan, its prediction, an experiment's question.

The dataclasses that write and read it check it; these types are for those who read single keys.
Keys that later versions added are NotRequired.
"""

from typing import Literal, NotRequired, TypeAlias, TypedDict


class StoredBurst(TypedDict):
    """A `Burst`; without a `kind` it is one, too."""

    kind: NotRequired[Literal["burst"]]
    requests: int
    concurrency: int
    send_kb_per_s: NotRequired[float | None]
    every_s: NotRequired[float]


class StoredRate(TypedDict):
    """A `Rate`."""

    kind: Literal["rate"]
    rate_rps: float
    duration_s: float
    poisson: bool
    concurrency: int
    send_kb_per_s: NotRequired[float | None]


class StoredPlan(TypedDict):
    """A `Plan`; its lanes are written `variant@server`."""

    scenario: str
    lanes: list[str]
    load: StoredBurst | StoredRate
    rounds: int
    seed: int
    parameters: dict[str, float]
    timeout_s: float
    client: NotRequired[str]
    until_sure: NotRequired[bool]
    limit_s: NotRequired[float | None]
    control: NotRequired[bool]
    margin: NotRequired[float]
    neighbour: NotRequired[bool]


class StoredPrediction(TypedDict):
    """A prediction, stored with its run."""

    lane: str
    times: float | None


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


class ClaimsQuestion(TypedDict):
    """The names of the claims that are fired."""

    claims: list[str]


Question: TypeAlias = SweepQuestion | MatrixQuestion | ClaimsQuestion
