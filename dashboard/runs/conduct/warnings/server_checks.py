"""Whether the expected processes answered in a firing, and no other client sent requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dashboard.targets.observe.worker_turnover import WorkerTurnover
from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN, Frame
from dashboard.wire.plan.plan import ENGINE, Firing
from dashboard.wire.plural import counted

RAISE_LIMIT = "ulimit -n shows the limit; raise it before starting Liveburst."


@dataclass
class RequestsSent:
    """What the engine sent in one firing; a request that was sent again counts again in `sent`."""

    sent: int = 0
    no_descriptors: int = 0
    processes: set[int] = field(default_factory=set)  # that answered

    def take(self, frame: Frame) -> None:
        """Add a frame; only samples are counted."""
        if frame.kind != "samples":
            return
        columns = {name: np.asarray(column) for name, column in frame.columns.items()}
        self.sent += frame.rows + int((columns["sent"] != columns["sent_first"]).sum())
        self.no_descriptors += int((columns["error"] == Failure.NO_DESCRIPTORS).sum())
        self.processes |= {*np.unique(columns["process"]).tolist()} - {UNKNOWN}


def each_is_one_request(firing: Firing) -> bool:
    """Return True if the probe counts one request per request sent: not for polls and messages."""
    mode = firing.request_mode
    return firing.client == ENGINE and mode.poll_every_ms is None and not mode.websocket


def server_warnings(
    sent: RequestsSent, turnover: WorkerTurnover | None, *, promised: int | None, one_each: bool
) -> Iterator[str]:
    """Yield warnings about a firing. `turnover` is None without a probe.

    `promised` is how many processes the server was started with, None if unknown.
    """
    if sent.no_descriptors:
        times = counted(sent.no_descriptors, "time")
        yield (
            f"no-descriptors: the load generator ran out of file descriptors {times}. {RAISE_LIMIT}"
        )
    if turnover is None:
        return
    if turnover.out_of_descriptors:
        yield f"no-descriptors: the server's log reports too many open files. {RAISE_LIMIT}"
    if turnover.died or turnover.joined:
        yield (
            f"{counted(turnover.died, 'worker process', 'worker processes')} of the server ended"
            f" and {turnover.joined} came in its place, so it was not the same server throughout."
            " The cause is a limit of requests per worker, lack of memory or a crash; see the"
            " server's log."
        )
    elif promised is not None and len(sent.processes) > promised:
        yield (
            f"{counted(len(sent.processes), 'process', 'processes')} answered, where {promised}"
            f" {'was' if promised == 1 else 'were'} expected: this is not the server that the"
            " lane is named after."
        )
    if one_each and turnover.requests is not None and turnover.requests > sent.sent:
        yield (
            f"the server received {counted(turnover.requests - sent.sent, 'request')} more than"
            f" the {sent.sent:,} that were sent: another client, or the project itself, uses it"
            " too."
        )
