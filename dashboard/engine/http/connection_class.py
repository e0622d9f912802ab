"""Which connection a request mode needs."""

from __future__ import annotations

from dashboard.wire.plan.request_mode import RequestMode

from .chunks import ChunksConnection
from .connection import Connection
from .polling import PollingConnection
from .rows import MixConnection, RowsConnection
from .upload import UploadConnection


def connection_class(mode: RequestMode) -> type[Connection]:
    """Return the class whose instances send the requests of a mode."""
    if mode.upload is not None:
        return UploadConnection
    if mode.poll_every_ms is not None:
        return PollingConnection
    if mode.chunks:
        return ChunksConnection
    if mode.mix:
        return MixConnection
    return RowsConnection if mode.rows else Connection
