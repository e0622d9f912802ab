"""Celery's messages as files in a directory: a queue for one machine that needs no server.

It is kombu's own filesystem transport with one thing mended. That one makes a message's file
and then fills it; a worker that looks in between takes an empty message, and the task is lost.
"""

import uuid
from pathlib import Path
from time import monotonic_ns
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

SCHEME = "files"
PATIENCE_S = 0.1


class Channel(filesystem.Channel):
    """The directory: a file a message, its name says when it was sent and to which queue."""

    def _put(  # type: ignore[override] # kombu's own names differ
        self, queue: str, payload: Any, **_: Any
    ) -> None:
        name = f"{monotonic_ns() // 1_000_000}_{uuid.uuid4()}"
        folder = Path(self.data_folder_out)
        unfinished = folder / f"{name}.part"  # no queue has this name
        unfinished.write_text(dumps(payload), encoding="utf-8")  # type: ignore[no-untyped-call]
        unfinished.rename(folder / f"{name}.{queue}.msg")


class Transport(filesystem.Transport):
    """Messages in files, whole or not at all, and a worker that ends when it is asked to."""

    Channel = Channel

    def drain_events(  # type: ignore[override] # kombu's own signatures differ
        self, connection: Any, timeout: float | None = None
    ) -> None:
        """Wait for a message, and not for longer than PATIENCE_S where there is a limit.

        Celery looks between two of these whether it has been asked to end, twice before it
        does, and would wait two seconds each time.
        """
        limit = None if timeout is None else min(timeout, PATIENCE_S)
        super().drain_events(connection, timeout=limit)  # type: ignore[no-untyped-call]


TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
