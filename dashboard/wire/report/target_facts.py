"""The types of facts about a lane's target: `target` in the lane's report."""

from typing import Any, TypeAlias, TypedDict


class Serialised(TypedDict):
    """Thread hops of one request that shared one thread, and the time lost."""

    thread: str
    hops: int
    worked_ms: float
    longest_ms: float
    lost_ms: float


# The keys depend on the server, and on the run.
TargetFacts: TypeAlias = dict[str, Any]
