"""Lets a response wait until its client has read what was sent: else all of it is in memory."""

from __future__ import annotations

import asyncio
from typing import Final

# A client that reads nothing for so long is not waited for, since a response may hold a snapshot
# of the database.
STALLED_S: Final = 60.0


class WriteGate:
    """Closed while the connection's buffer is full, which Twisted reports to a push producer."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    @property
    def closed(self) -> bool:
        """True while the client has not read enough."""
        return not self._open.is_set()

    async def passed(self) -> None:
        """Wait until more can be written; raises TimeoutError after STALLED_S."""
        await asyncio.wait_for(self._open.wait(), STALLED_S)

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Close it."""
        self._open.clear()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Open it."""
        self._open.set()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Open it: what is written from now on is dropped, as the connection is gone."""
        self._open.set()
