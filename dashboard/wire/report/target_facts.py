"""The types of what is known about a lane's target: `target` in the lane's report."""

from typing import Any, TypeAlias, TypedDict


class Serialised(TypedDict):
    """Thread hops of one request that had to share one thread, and what they lost by it."""

    thread: str
    hops: int
    worked_ms: float
    longest_ms: float
    lost_ms: float


# Which keys there are depends on the server, and on what was seen during the run.
TargetFacts: TypeAlias = dict[str, Any]
