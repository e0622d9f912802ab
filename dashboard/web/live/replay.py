"""The replay of a stored run: one viewer receives it again, at its own pace or another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from copy import copy
from dataclasses import replace
from itertools import islice

from asgiref.sync import sync_to_async

from dashboard.models import Run, Status
from dashboard.runs.live.hub import Viewer
from dashboard.runs.live.in_flight import InFlight
from dashboard.runs.reports.results import frames_of
from dashboard.web.run.run_view import RunView, view_of
from dashboard.wire import frame
from dashboard.wire.units import NS_PER_S

from .moments import Moment, moments

SPEEDS = (0.25, 1.0, 4.0)
PIECE_NS = 50_000_000  # of the viewer's time: the longest wait for the next piece of a frame
FRAMES_PER_READ = 20  # from the database
MOMENTS_PER_BATCH = 8  # made before they are sent


def speed_of(text: str) -> float | None:
    """Return the speed that the text names, or None if there is no such speed."""
    return next((speed for speed in SPEEDS if text == f"{speed:g}"), None)


def replay_view(run: Run, speed: float) -> RunView:
    """Return the run as its page showed it at its start, for the charts to grow again."""
    started = copy(run)  # never saved
    started.status, started.report = Status.RUNNING, None
    started.discarded_rounds, started.warnings = [], []
    started.problem = started.log_tail = ""
    view = view_of(started)
    return replace(view, data={**view.data, "replay": speed})


async def replay(
    viewer: Viewer,
    run: Run,
    speed: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Send one viewer the run from its start, `speed` times as fast as it went.

    A viewer that falls behind skips frames, as in a live run. `clock` returns seconds.
    """
    pending = moments(run, stored_frames(run.pk), round(PIECE_NS * speed))
    next_batch = sync_to_async(lambda: list(islice(pending, MOMENTS_PER_BATCH)))
    in_flight = _InFlight()
    viewer.continue_from(in_flight.snapshot)
    began_s = clock()
    while batch := await next_batch():
        for moment in batch:
            early_s = moment.at_ns / NS_PER_S / speed - (clock() - began_s)
            if early_s > 0:
                await sleep(early_s)
            in_flight.take(moment)
            if moment.event is None:
                viewer.put_frame(moment.sequence, frame.envelop(moment.sequence, moment.data))
            else:
                viewer.put_event({**moment.event, "run": run.pk})


class _InFlight:
    """What is in flight in the replayed firing, for a viewer that skips frames."""

    def __init__(self) -> None:
        self._requests = InFlight()

    def take(self, moment: Moment) -> None:
        """Take what is sent next."""
        if moment.event is not None:
            if moment.event["event"] == "began":
                self._requests = InFlight()
            return
        sent = frame.decode(moment.data)
        if sent.kind == "begun":
            self._requests.begin(sent)
        elif sent.kind == "samples":
            self._requests.finish(sent)

    def snapshot(self) -> list[bytes]:
        """Return a frame of all that is in flight; none before the first request."""
        begun = self._requests.snapshot()
        return [] if begun is None else [begun]


def stored_frames(run_id: str) -> Iterator[tuple[int, bytes]]:
    """Yield the stored frames, read in batches so that no database read takes long."""
    begin = 0
    while batch := list(frames_of(run_id, begin, begin + FRAMES_PER_READ)):
        yield from batch
        begin += FRAMES_PER_READ
