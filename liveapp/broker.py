"""Celery's messages as files in a directory: a queue for one machine that needs no server.

It is kombu's filesystem transport with one bug fixed: kombu creates a message's file before it
writes the content, and a worker that reads in between gets an empty message and loses the task.
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
    """The directory: one file per message, named by when it was sent and its queue."""

    def _put(  # type: ignore[override] # kombu's own names differ
        self, queue: str, payload: Any, **_: Any
    ) -> None:
        name = f"{monotonic_ns() // 1_000_000}_{uuid.uuid4()}"
        folder = Path(self.data_folder_out)
        unfinished = folder / f"{name}.part"  # no queue has this name
        unfinished.write_text(dumps(payload), encoding="utf-8")  # type: ignore[no-untyped-call]
        unfinished.rename(folder / f"{name}.{queue}.msg")


class Transport(filesystem.Transport):
    """Messages that appear in files at once, and a worker that ends soon after SIGTERM."""

    Channel = Channel

    def drain_events(  # type: ignore[override] # kombu's own signatures differ
        self, connection: Any, timeout: float | None = None
    ) -> None:
        """Wait for a message, at most PATIENCE_S if there is a limit.

        Celery checks between two calls whether it has to end, twice before it does, and would
        wait two seconds each time.
        """
        limit = None if timeout is None else min(timeout, PATIENCE_S)
        super().drain_events(connection, timeout=limit)  # type: ignore[no-untyped-call]


TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
