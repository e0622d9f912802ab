"""How long a connection may take to ask for something, and how many other users may have."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from weakref import WeakSet

from twisted.web.http import HTTPChannel

from dashboard.web.access.peer import own_uid, uid_of

# From the connection, or the end of the last response, to the end of the next request's headers.
HEADERS_S: Final = 30
# The descriptors of a process are limited, often to 1,024, and the owner needs some of them.
MOST_OF_OTHERS: Final = 100
# Of an exposed dashboard, whose users are all others: each open page has a websocket.
MOST_OF_USERS: Final = 600


class BoundedChannel(HTTPChannel):
    """A connection that is closed if its next request does not arrive in time.

    Twisted's time limit begins again with every byte, so that one byte a minute kept a connection
    open forever. Here it does so only in a body.
    """

    _of_others: ClassVar[WeakSet[Any]] = WeakSet()
    most_of_others: ClassVar[int] = MOST_OF_OTHERS

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """Begin, unless other users have too many connections."""
        self.timeOut = HEADERS_S
        super().connectionMade()  # type: ignore[no-untyped-call]
        transport: Any = self.transport
        uid = uid_of(transport)
        if uid is None or uid != own_uid():
            self._of_others.add(transport)
            if sum(other.connected for other in self._of_others) > self.most_of_others:
                transport.abortConnection()

    def resetTimeout(self) -> None:  # noqa: N802 - Twisted's name
        """Begin the time limit again, if a body is being received."""
        if not self.line_mode:
            super().resetTimeout()  # type: ignore[no-untyped-call]
