"""A run's plan and prediction as stored."""

from typing import Literal, NotRequired, TypedDict


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
    where: NotRequired[bool]
    mix: NotRequired[dict[str, float]]


class StoredPrediction(TypedDict):
    """A prediction, stored with its run."""

    lane: str
    times: float | None
