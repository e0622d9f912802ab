"""Whether those who answered in a firing are those that were promised, and nobody else asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dashboard.targets.observe.worker_turnover import WorkerTurnover
from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN, Frame
from dashboard.wire.plan import ENGINE, Firing
from dashboard.wire.plural import counted

MORE = "ulimit -n shows the limit, and raises it before Liveburst is started."


@dataclass
class RequestsSent:
    """What the engine said of one firing; `sent` counts a request again that was sent again."""

    sent: int = 0
    no_descriptors: int = 0
    processes: set[int] = field(default_factory=set)

    def take(self, frame: Frame) -> None:
        """Count a frame of samples; others say nothing of this."""
        if frame.kind != "samples":
            return
        columns = {name: np.asarray(column) for name, column in frame.columns.items()}
        self.sent += frame.rows + int((columns["sent"] != columns["sent_first"]).sum())
        self.no_descriptors += int((columns["error"] == Failure.NO_DESCRIPTORS).sum())
        self.processes |= {*np.unique(columns["process"]).tolist()} - {UNKNOWN}


def each_is_one_request(firing: Firing) -> bool:
    """Whether the probe counts one request for each that is sent: not of polls and messages."""
    manner = firing.manner
    return firing.client == ENGINE and manner.poll_every_ms is None and not manner.websocket


def attendance_warnings(
    sent: RequestsSent, seen: WorkerTurnover | None, *, promised: int | None, one_each: bool
) -> Iterator[str]:
    """Say what a reader must know of a firing. `seen` is None where there is no probe.

    `promised` is how many processes the server was started with, None where that is not known.
    """
    if sent.no_descriptors:
        times = counted(sent.no_descriptors, "time")
        yield f"no-descriptors: the load generator could open no more connections {times}. {MORE}"
    if seen is None:
        return
    if seen.out_of_descriptors:
        yield f"no-descriptors: the server's log says that too many files are open. {MORE}"
    if seen.died or seen.joined:
        yield (
            f"{counted(seen.died, 'worker process', 'worker processes')} of the server ended and"
            f" {seen.joined} came in its place: it was not the same server all the time. A limit of"
            " requests per worker, memory that ran out, or a crash; the log may say which."
        )
    elif promised is not None and len(sent.processes) > promised:
        yield (
            f"{counted(len(sent.processes), 'process', 'processes')} answered, where {promised}"
            f" {'was' if promised == 1 else 'were'} promised: this is not the server that the"
            " lane is named after."
        )
    if one_each and seen.requests is not None and seen.requests > sent.sent:
        yield (
            f"the server took {counted(seen.requests - sent.sent, 'request')} more than the"
            f" {sent.sent:,} that were sent: somebody else, or the project itself, asks it too."
        )
