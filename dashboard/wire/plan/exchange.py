"""What is said on a websocket: what opens the conversation, what is timed, and what answers it."""

from __future__ import annotations

from dataclasses import dataclass

NUMBER = "{n}"  # in a message and in an answer: the request's number, from 0
ECHO, ANY = "", "any"
CONTAINS, JSON = "contains ", "json."
ANSWER = r"any|contains (?s:.+)|json\.[^=\s]+(=.*)?"
ANSWER_EXPECTED = "'any', 'contains TEXT', 'json.KEY' or 'json.KEY=VALUE'"
MOST_OPENING, MOST_CHARACTERS = 20, 100_000
MAX_QUOTED = 200  # characters of what was received last


@dataclass(frozen=True)
class Exchange:
    """`opening` is sent on each new connection, then `message` for each request, and timed.

    `answer` says which message of the server answers it: `any`, `contains TEXT`, `json.KEY` (an
    object that has it; dots lead into objects within), `json.KEY=VALUE`; empty: the same message.
    """

    opening: tuple[str, ...] = ()
    message: str = NUMBER
    answer: str = ECHO


NUMBERS_BACK = Exchange()  # where nothing else is said
