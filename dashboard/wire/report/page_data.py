"""The types of the data that the page's JavaScript gets with a run, before the first frame."""

from typing import NotRequired, TypedDict


class LaneData(TypedDict):
    """A lane. `mark_s` is the position of a dashed line: the theory's, or the end of a rate."""

    name: str
    family: str
    letter: str
    mark_s: float | None
    mark: str


class RunData(TypedDict):
    """A run. `failures` are the names of a sample's `error`, by number; `replay` is a speed.

    `looks` are the numbers of rounds after which a run until certain is evaluated.
    """

    id: str
    status: str
    lanes: list[LaneData]
    requests: int
    rounds: int
    looks: NotRequired[list[int]]
    discarded_rounds: list[int]
    timeout_s: NotRequired[float]
    frames_url: str
    failures: list[str]
    replay: NotRequired[float]
