"""The messages of a websocket: those that open it, the timed one, and its answer."""

from __future__ import annotations

from dataclasses import dataclass

NUMBER = "{n}"  # in a message and in an answer: the request's number, from 0
ECHO, ANY = "", "any"
CONTAINS, JSON = "contains ", "json."
ANSWER = r"any|contains (?s:.+)|json\.[^=\s]+(=.*)?"
ANSWER_EXPECTED = "'any', 'contains TEXT', 'json.KEY' or 'json.KEY=VALUE'"
STEP_EXPECTED = "a text or { send = TEXT, answer = RULE }"
MOST_OPENING, MOST_CHARACTERS = 20, 100_000
MAX_QUOTED = 200  # characters of the last received message


@dataclass(frozen=True)
class OpeningStep:
    """A text that is sent on a new connection, and the rule of the message that is waited for.

    Without `send` only a message is waited for, such as a greeting; without `answer` none is.
    """

    send: str | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Exchange:
    """`opening` takes place on each new connection, then `message` is sent per request, and timed.

    `answer` is the rule for which message from the server is its answer: `any`, `contains TEXT`,
    `json.KEY` (an object with that key; dots lead into nested objects), `json.KEY=VALUE`; empty:
    the same message.
    """

    opening: tuple[OpeningStep, ...] = ()
    message: str = NUMBER
    answer: str = ECHO


NUMBERS_BACK = Exchange()  # the default
