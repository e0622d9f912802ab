"""Sends frames to many viewers, each at its own pace.

A frame is put into its envelope once for all viewers. Each viewer has a queue of its own with a
bound on what is in flight to it: a viewer that falls behind loses the frames in its queue, is sent
which stored frames those were, and continues with the newest. So nothing is lost, and a slow
viewer slows no other. (Daphne has no back-pressure on sends, so the page reports what it has
drawn; a channel layer would cost a thread hop per message and viewer.)
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias

from dashboard.wire import frame
from dashboard.wire.events import GapEvent, QueueEvent, TargetEvent, ViewerEvent
from dashboard.wire.frame import Frame

from .thinning import Thinning

MAX_UNSEEN = 256  # binary messages sent that the page has not yet drawn
MESSAGE_BYTES = 64_000  # from this size on, a message takes no further frame
MAX_QUEUED_BYTES = 8_000_000  # of frames that wait to be sent
PROGRESS_EVENTS = ("starting", "began")  # the last of them is sent again to a new viewer


Snapshot: TypeAlias = Callable[[], list[bytes]]


class Viewer:
    """The queue of one websocket; the consumer's send task awaits `next_message`."""

    def __init__(self) -> None:
        self.run: str | None = None
        # Each with its place in the order of arrival, which both kinds share.
        self._arrived = count()
        self._events: deque[tuple[int, str]] = deque()
        self._frames: deque[tuple[int, int, bytes]] = deque()
        self._frame_bytes = 0
        self._gap: tuple[int, int] | None = None
        # Returns the frames from which to continue after a gap.
        self._snapshot: Snapshot = list
        self._sent = 0
        self._seen = 0
        self._changed = asyncio.Event()

    def put_event(self, event: Mapping[str, object]) -> None:
        """Queue an event: events are small, never dropped, and sent however slow the page is."""
        self._events.append((next(self._arrived), json.dumps(event)))
        self._changed.set()

    def put_frame(self, sequence: int, envelope: bytes) -> None:
        """Queue a frame, or record that it was skipped."""
        self._frames.append((next(self._arrived), sequence, envelope))
        self._frame_bytes += len(envelope)
        if self._gap or self._frame_bytes > MAX_QUEUED_BYTES:
            self._skip_frames()
        self._changed.set()

    def seen(self, count: int) -> None:
        """Record that the page has drawn `count` binary messages of this socket so far."""
        self._seen = max(self._seen, min(count, self._sent))
        self._changed.set()

    async def next_message(self) -> bytes | str:
        """Return the next message; waits while there is none, or too much is in flight."""
        while True:
            may_send_frames = self._sent - self._seen < MAX_UNSEEN
            if may_send_frames and self._gap:
                return self._take_gap(*self._gap)
            if may_send_frames and self._frames and not self._event_is_older():
                return self._take_frames()
            if self._events:
                return self._events.popleft()[1]
            self._changed.clear()
            await self._changed.wait()

    def continue_from(self, snapshot: Snapshot) -> None:
        """Begin with what `snapshot` returns, and continue with it after each gap.

        It returns `begun` frames of all that is in flight: requests that finished in the frames
        that this viewer lacks must not be drawn as waiting.
        """
        self.forget_frames()
        self._snapshot = snapshot
        self._put_snapshot()

    def _put_snapshot(self) -> None:
        if frames := self._snapshot():
            envelopes = (frame.envelop(frame.NOT_STORED, data) for data in frames)
            self.put_frame(frame.NOT_STORED, b"".join(envelopes))

    def forget_frames(self) -> None:
        """Drop the queued frames."""
        self._frames.clear()
        self._frame_bytes = 0
        self._gap = None

    def _event_is_older(self) -> bool:
        return bool(self._events) and self._events[0][0] < self._frames[0][0]

    def _skip_frames(self) -> None:
        stored = [sequence for _, sequence, _ in self._frames if sequence != frame.NOT_STORED]
        bounds = [*(self._gap or ()), *stored, *(sequence + 1 for sequence in stored)]
        self.forget_frames()
        self._gap = (min(bounds), max(bounds)) if bounds else None

    def _take_gap(self, begin: int, end: int) -> str:
        self._gap = None
        self._put_snapshot()
        return json.dumps({"event": "gap", "run": self.run, "from": begin, "to": end})

    def _take_frames(self) -> bytes:
        """Take what is queued before the next event: a message costs Daphne more than its bytes."""
        envelopes = []
        size = 0
        while self._frames and not self._event_is_older() and size < MESSAGE_BYTES:
            _, _, envelope = self._frames.popleft()
            envelopes.append(envelope)
            size += len(envelope)
        self._frame_bytes -= size
        self._sent += 1
        return b"".join(envelopes)


@dataclass
class _LiveRun:
    next_sequence: int = 0
    # For viewers that join now: the last progress event, and `fired` if that firing is over.
    progress: list[ViewerEvent] = field(default_factory=list)
    # The states of targets by lane, and since when each has it (of `time.monotonic`).
    targets: dict[int, tuple[float, TargetEvent]] = field(default_factory=dict)
    thinning: Thinning = field(default_factory=Thinning)
    thinned_from: int | None = None  # the first stored frame that no viewer was sent whole

    def take(self, event: ViewerEvent) -> None:
        """Note what a viewer that joins later needs to be sent."""
        if event["event"] in PROGRESS_EVENTS:
            self.progress = [event]
            self.thinning = Thinning()
        elif event["event"] == "fired":
            self.progress.append(event)
        elif event["event"] == "target":
            since_s, before = self.targets.get(event["lane"], (0.0, None))
            if before is None or before["state"] != event["state"]:
                since_s = time.monotonic()
            self.targets[event["lane"]] = since_s, event

    def snapshot(self) -> list[bytes]:
        """Return the frames from which a viewer that lacks earlier ones can continue."""
        return self.thinning.snapshot()


class Hub:
    """The viewers of this process, and the runs that are live in it."""

    def __init__(self) -> None:
        self._viewers: set[Viewer] = set()
        self._live: dict[str, _LiveRun] = {}

    @property
    def watched(self) -> set[str]:
        """The runs that are being watched."""
        return {viewer.run for viewer in self._viewers if viewer.run}

    @property
    def empty(self) -> bool:
        """True if no page is open."""
        return not self._viewers

    def join(self) -> Viewer:
        """Add and return a viewer, which is sent events about the queue and watches no run yet."""
        viewer = Viewer()
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Remove a viewer whose websocket has closed."""
        self._viewers.discard(viewer)

    def watch(self, viewer: Viewer, run: str, *, stored: int, active: bool) -> None:
        """Let a viewer watch a run, of which `stored` frames were stored when it was looked up.

        The viewer fetches the frames before `next` and is sent all that come after it.
        """
        live = self._live.get(run)
        viewer.continue_from(list)
        viewer.run = run
        next_sequence = live.next_sequence if live else stored
        viewer.put_event({"event": "watching", "run": run, "next": next_sequence, "live": active})
        if live is None:
            return
        for event in live.progress:
            viewer.put_event({**event, "run": run})
        for since_s, target in live.targets.values():
            viewer.put_event({**target, "waited_s": time.monotonic() - since_s, "run": run})
        viewer.continue_from(live.snapshot)

    def is_live(self, run: str) -> bool:
        """Return True if frames of this run are published here."""
        return run in self._live

    def open(self, run: str, next_sequence: int = 0) -> None:
        """Begin to publish a run, whose frames are numbered from `next_sequence`."""
        self._live[run] = _LiveRun(next_sequence)

    def publish(self, run: str, sequence: int, published: Frame) -> None:
        """Queue a frame, or a sample and counts in its place, for every viewer of the run."""
        live = self._live[run]
        replacement = live.thinning.replacement(sequence, published)
        if replacement is None:
            message = frame.envelop(sequence, published.data)
        else:
            message = b"".join(frame.envelop(frame.NOT_STORED, part) for part in replacement)
        if sequence != frame.NOT_STORED:
            live.next_sequence = sequence + 1
            if replacement is not None and live.thinned_from is None:
                live.thinned_from = sequence
        for viewer in self._watching(run):
            viewer.put_frame(sequence, message)

    def complete(self, run: str) -> None:
        """End the measurement: viewers of a thinned stream get a `gap` to fetch complete frames."""
        live = self._live[run]
        if live.thinned_from is not None:
            gap: GapEvent = {"event": "gap", "from": live.thinned_from, "to": live.next_sequence}
            self.send(run, gap)

    def send(self, run: str, event: ViewerEvent) -> None:
        """Queue an event for every viewer of the run."""
        if run in self._live:
            self._live[run].take(event)
        for viewer in self._watching(run):
            viewer.put_event({**event, "run": run})

    def send_to_all(self, event: QueueEvent) -> None:
        """Queue an event for every open page."""
        for viewer in self._viewers:
            viewer.put_event(event)

    def close(self, run: str) -> None:
        """End the publication of a run."""
        self._live.pop(run, None)

    def _watching(self, run: str) -> list[Viewer]:
        return [viewer for viewer in self._viewers if viewer.run == run]
