"""Requests that differ from one to the next, like the rows of a table."""

from __future__ import annotations

from time import monotonic_ns

from .base_connection import AWAITING
from .connection import Connection


class RowsConnection(Connection):
    """Sends the request of row n for request n; after the last row comes the first again."""

    __slots__ = ()

    def _send(self) -> None:
        self.state = AWAITING
        record, writes = self.record, self._template.row_writes
        record.sent_first = record.sent = monotonic_ns() - self._origin_ns
        self._transport.write(writes[record.request % len(writes)])  # type: ignore[union-attr]


class MixConnection(Connection):
    """Sends the request of a view of a mix, by the number of the request."""

    __slots__ = ()

    def _send(self) -> None:
        self.state = AWAITING
        record, template = self.record, self._template
        record.sent_first = record.sent = monotonic_ns() - self._origin_ns
        write = template.row_writes[template.places[record.request]]
        self._transport.write(write)  # type: ignore[union-attr]
