"""What arrives on a websocket: complete messages, and those that answered nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from websockets.frames import Frame, Opcode

from dashboard.wire.frame import UNKNOWN


class Message(NamedTuple):
    """A complete message: whether it is text, its bytes, and when the first of them arrived."""

    text: bool
    data: bytes
    first_byte: int


class MessageAssembler:
    """Joins the frames of a message; control frames may come between them."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._text = True
        self._first_byte = UNKNOWN

    def feed(self, frame: Frame, received: int) -> Message | None:
        """Return the message that this frame completes; None if it completes none."""
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._parts, self._text, self._first_byte = [], frame.opcode is Opcode.TEXT, received
        elif frame.opcode is not Opcode.CONT:
            return None
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return None
        return Message(self._text, b"".join(self._parts), self._first_byte)


@dataclass
class WebSocketSummary:
    """Why requests had no answer, for the event `fired` (docs/frame.md)."""

    ignored: int = 0  # messages that answered nothing
    without_answer: int = 0  # requests that timed out or were cut off after they were sent
    unopened: int = 0  # requests that did so while their connection's opening had no answer
    awaited: str = ""  # the rule of that answer
    last: str = ""  # what such a connection received last, and how it was closed

    def add_unanswered(self, last_received: str | None, awaited: str | None) -> None:
        """Count a request without an answer; None if the connection had not opened yet.

        `awaited` is the rule of the answer that its opening waited for, None if that was over.
        """
        if last_received is None:
            return
        if awaited is None:
            self.without_answer += 1
        else:
            self.unopened += 1
            self.awaited = awaited
        self.last = last_received or self.last
