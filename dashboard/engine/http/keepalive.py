"""Connections that may be idle between two requests, as an open load keeps them."""

from __future__ import annotations

from dashboard.wire.request_mode import Manner

from .chunks import ChunksConnection
from .connection import Connection
from .polling import PollingConnection
from .rows import RowsConnection
from .upload import UploadConnection


class Kept(Connection):
    """Knows, while it is idle, that it must not be used again."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """An answer; while nothing was asked for, it is none that can be trusted."""
        if self.busy:
            super().data_received(data)
        else:
            self._owner.left(self)
            self.drop()

    def eof_received(self) -> None:
        """The peer will say no more."""
        self._owner.left(self)
        super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        """The peer has gone, or we have closed."""
        self._owner.left(self)
        super().connection_lost(error)


class KeptUpload(Kept, UploadConnection):
    """The same, with a file as the body of its requests."""

    __slots__ = ()


class KeptPolling(Kept, PollingConnection):
    """The same, asking until there is a result."""

    __slots__ = ()


class KeptChunks(Kept, ChunksConnection):
    """The same, watching the pieces of its answers."""

    __slots__ = ()


class KeptRows(Kept, RowsConnection):
    """The same, with requests that differ."""

    __slots__ = ()


def connection_class(manner: Manner) -> type[Connection]:
    """What carries the requests of a closed load."""
    return next((plain for asked, plain, _ in _classes(manner) if asked), Connection)


def kept_class(manner: Manner) -> type[Kept]:
    """What carries the requests of an open load."""
    return next((kept for asked, _, kept in _classes(manner) if asked), Kept)


def _classes(manner: Manner) -> tuple[tuple[bool, type[Connection], type[Kept]], ...]:
    """Whether a manner was asked for, and what carries it in a closed and in an open load."""
    return (
        (manner.upload is not None, UploadConnection, KeptUpload),
        (manner.poll_every_ms is not None, PollingConnection, KeptPolling),
        (manner.chunks, ChunksConnection, KeptChunks),
        (bool(manner.rows), RowsConnection, KeptRows),
    )
