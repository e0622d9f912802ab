"""How a lane was configured: what the analysis needs and no frame contains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.analysis.samples.resource_use import BystanderRequestCost
from dashboard.wire.report.answers import AnswerKind
from dashboard.wire.report.target_facts import ConnectionFacts, Serialised


@dataclass(frozen=True)
class Executor:
    """The default executor of an event loop, as the probe read it.

    `limit` is how many threads it may have, `threads` how many it had, `queued` the greatest
    length of its queue. `shared`: it is asgiref's single thread for sync work outside of Django's
    requests instead.
    """

    limit: int
    threads: int
    queued: int
    shared: bool = False


@dataclass(frozen=True)
class LaneConfig:
    """How a lane's target was configured. None: unknown, or no such limit.

    `threads` is the size of the pool of each process. `cores` is how many the target may use.
    `capacity` is how many requests at a time the configuration promises, in all processes
    together; None: no limit. `wait_s` is how long one request waits, if the scenario is a wait.
    Around the lane's firings its cores were busy for `busy_s` of `cores_s` seconds, with whatever
    ran there. `executor` and `serialised` (`xray.Serialised.to_json`) are evidence that not every
    run has. `connections` are those to databases, by alias. `answers` are the exceptions and
    redirects that the probes reported. `queries` is the number of queries of the request that an
    X-ray traced. `bystander_cost` is what one request of the bystander costs at the target.
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
    connections: Sequence[ConnectionFacts] = ()
    answers: Sequence[AnswerKind] = ()
    queries: int | None = None
    bystander_cost: BystanderRequestCost | None = None


UNKNOWN_CONFIG = LaneConfig()
