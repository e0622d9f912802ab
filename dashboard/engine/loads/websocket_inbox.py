"""What comes in on a websocket: whole messages, and what was no answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from websockets.frames import Frame, Opcode

from dashboard.wire.frame import UNKNOWN


class Whole(NamedTuple):
    """A whole message: whether it is text, its bytes, and when the first of them came."""

    text: bool
    data: bytes
    begun: int


class Message:
    """Puts messages together that come in several frames; control frames may come between."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._text = True
        self._begun = UNKNOWN

    def take(self, frame: Frame, arrived: int) -> Whole | None:
        """Return a message that this frame ends; None where it ends none."""
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._parts, self._text, self._begun = [], frame.opcode is Opcode.TEXT, arrived
        elif frame.opcode is not Opcode.CONT:
            return None
        self._parts.append(bytes(frame.data))
        return Whole(self._text, b"".join(self._parts), self._begun) if frame.fin else None


@dataclass
class Heard:
    """What servers said beside answers, for whoever wonders why there were none."""

    ignored: int = 0  # messages that answered nothing
    without_answer: int = 0  # requests that timed out or were cut off after they were sent
    last: str = ""  # what such a connection received last, and how it was closed

    def unanswered(self, last_words: str | None) -> None:
        """A request had no answer; None where nothing was sent yet."""
        if last_words is not None:
            self.without_answer += 1
            self.last = last_words or self.last
