"""All sinks of a run as one: each receives everything, in the same order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dashboard.project.secrets.masking import all_masked
from dashboard.wire.events import RunEvent
from dashboard.wire.frame import NOT_STORED, Frame

from .sink import Sink


class Fanout:
    """Passes events and frames to every sink, and numbers the frames that are stored."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = sinks
        self._sequence = 0
        self._in_order = asyncio.Lock()

    async def event(self, event: RunEvent) -> None:
        """Pass on an event, with secrets masked: most texts in it come from the target."""
        masked_event: RunEvent = all_masked(event)
        for sink in self._sinks:
            await sink.event(masked_event)

    async def frame(self, frame: Frame) -> None:
        """Number and pass on a frame; engine and target share one sequence."""
        async with self._in_order:
            sequence = NOT_STORED
            if frame.kind != "begun":
                sequence = self._sequence
                self._sequence += 1
            for sink in self._sinks:
                await sink.frame(sequence, frame)
