"""What the analysis must be told about a lane, since no frame says it. The caller fills it in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.analysis.samples.resource_use import NeighbourCost
from dashboard.wire.lane_report import AnswerKind
from dashboard.wire.target_facts import Serialised


@dataclass(frozen=True)
class Executor:
    """A loop's default executor, as the probe read it off: its limit, and the most in use.

    `queued` is the longest that its queue was. `shared`: it is none, but the one thread that
    asgiref has for the sync work of whatever is no request of Django's.
    """

    limit: int
    threads: int
    queued: int
    shared: bool = False


@dataclass(frozen=True)
class LaneConfig:
    """How a lane's target was configured. None: not known, or no such limit.

    `threads` is the size of each process's pool; None where there is none. `cores` is how many
    the target may use. `capacity` is how many requests at a time the configuration promises,
    in all processes together; None: as many as come. `wait_s` is how long one request waits,
    where the scenario is a wait. Around its firings its cores were busy for `busy_s` of `cores_s`
    seconds, with whatever ran there. `executor`, `serialised` (`xray.Serialised.to_json`) and
    `upstream` (the companion's name, once it reported that the requests waited for it) are
    evidence that not every run has. `answers` are the exceptions and redirects that its probes
    told of. `queries` are those of the one request that an X-ray saw. `neighbour_cost` is what
    one request of the neighbour costs at the target.
    """

    processes: int = 1
    threads: int | None = None
    cores: float | None = None
    capacity: int | None = None
    wait_s: float | None = None
    busy_s: float | None = None
    cores_s: float | None = None
    executor: Executor | None = None
    serialised: Serialised | None = None
    answers: Sequence[AnswerKind] = ()
    upstream: str | None = None
    queries: int | None = None
    neighbour_cost: NeighbourCost | None = None


UNKNOWN_CONFIG = LaneConfig()
