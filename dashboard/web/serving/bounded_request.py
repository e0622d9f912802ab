"""Daphne's requests with a limit on the body, and an end for a response that cannot be completed.

Daphne reads a body completely before Django sees the request, and then copies it into the
application's queue: 600 MB took 710 MB of memory before the CSRF check refused them.
"""

from __future__ import annotations

from http import HTTPStatus
from io import BytesIO
from typing import IO, Any, Final

from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.server import reactor
from twisted.web.http import HTTPChannel

from .body_limits import body_limit
from .bounded_connection import BoundedChannel
from .write_gate import WriteGate

# How long the rest of a refused body is read and dropped. A connection that is closed before the
# client has sent everything is reset, and the client then never sees the response.
LINGER_S: Final = 5.0
IN_QUEUE_BYTES: Final = 2**16  # a larger body stays in its file until the application reads it


class BoundedRequest(WebRequest):  # type: ignore[misc] # Daphne has no types
    """A request that is answered 413 as soon as its body is known to be too large.

    `body` is the file with the body, if the application is to read it from there.
    """

    content: IO[bytes]
    body: IO[bytes] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gate = WriteGate()
        self._limit_bytes = 0
        self._received_bytes = 0
        self._refused = False
        self._aborted = False
        self._abort_timer: Any = None

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        """Refuse a body whose length is announced and too large; None is a chunked body."""
        self._limit_bytes = body_limit(self.channel._path)  # noqa: SLF001 - known only there
        too_large = length is not None and length > self._limit_bytes
        super().gotLength(0 if too_large else length)
        if too_large:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Store a part of the body, until there is too much."""
        self._received_bytes += len(data)
        if not self._refused and self._received_bytes > self._limit_bytes:
            self._refuse()
        if not self._refused:
            super().handleContentChunk(data)

    def requestReceived(self, *args: Any) -> None:  # noqa: N802 - Twisted's name
        """Handle the request, or close the connection of one that was refused.

        A large body stays in its file. Twisted would parse a form of any size here, which took
        2.4 GB of memory for a body of 200 MB.
        """
        if self._refused:
            self.channel.loseConnection()
            return
        if self._received_bytes > IN_QUEUE_BYTES:
            self.content.seek(0)
            self.body, self.content = self.content, BytesIO()
        super().requestReceived(*args)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 - Twisted's name
        """Release what belongs to the request."""
        if self._abort_timer is not None and self._abort_timer.active():
            self._abort_timer.cancel()
        self.close_body()
        self.gate.stopProducing()
        super().connectionLost(reason)

    def finish(self) -> None:
        """Complete the response."""
        self.close_body()
        if self.producer is not None and self.channel is not None:
            self.unregisterProducer()
        super().finish()

    def close_body(self) -> None:
        """Close the file of the body, which deletes it."""
        if self.body is not None:
            self.body.close()

    def handle_reply(self, message: Any) -> None:
        """Send a part of the response, unless it was aborted; more may follow through the gate."""
        if self._aborted:
            return
        open_ = self.channel is not None and not self.finished
        if message.get("more_body") and open_ and self.producer is None:
            self.registerProducer(self.gate, streaming=True)
        super().handle_reply(message)

    def handle_exception(self, exception: BaseException) -> None:
        """Answer 500, or abort a response that has begun.

        Daphne would begin a second response here. That raises an error in its application checker,
        which then never runs again.
        """
        if self._response_started:
            self.abort()
        else:
            super().handle_exception(exception)

    def abort(self) -> None:
        """Close the connection without completing the response, so that the client notices."""
        # Twisted removes `channel` from a request that is complete.
        if not self.finished and self.channel is not None:
            self._aborted = True
            if self.gate.closed:  # what is in the buffer will not be read either
                self.channel.transport.abortConnection()
            else:
                self.channel.loseConnection()

    def _refuse(self) -> None:
        """Answer 413 and drop the rest of the body, for LINGER_S at most."""
        self._refused = True
        self.content.seek(0)
        self.content.truncate()
        transport = self.channel.transport
        transport.write(_too_large(self._limit_bytes))
        transport.loseWriteConnection()
        self._abort_timer = reactor.callLater(LINGER_S, transport.abortConnection)


def _too_large(limit_bytes: int) -> bytes:
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    text = f"Expected a request body of at most {limit_bytes:,} bytes, found a larger one.\n"
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(text)}",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    )
    return "\r\n".join((*head, "", text)).encode()


class BoundedFactory(HTTPFactory):  # type: ignore[misc] # Daphne has no types
    """Makes bounded connections, whose requests are bounded."""

    protocol = BoundedChannel

    def buildProtocol(self, addr: Any) -> HTTPChannel:  # noqa: N802 - Twisted's name
        """Return the protocol of a new connection."""
        protocol: HTTPChannel = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol
