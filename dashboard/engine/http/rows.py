"""Requests that differ from one to the next, as the rows of a table do."""

from __future__ import annotations

from time import monotonic_ns

from .connection import Connection


class RowsConnection(Connection):
    """A connection whose requests are each what their own row says."""

    __slots__ = ()

    def _send(self) -> None:
        openings = self._sends.openings
        self.sent_first = self.sent = monotonic_ns() - self._origin
        self._transport.write(openings[self.request % len(openings)])  # type: ignore[union-attr]
