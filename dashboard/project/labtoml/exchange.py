"""Reading what a websocket variant says: `open`, `message`, `answer`."""

from __future__ import annotations

from dashboard.wire.exchange import (
    ANSWER,
    ANSWER_EXPECTED,
    ECHO,
    MOST_CHARACTERS,
    MOST_OPENING,
    NUMBER,
    Exchange,
)

from .table import Table

KEYS = ("open", "message", "answer")


def read_exchange(table: Table) -> Exchange:
    """What is sent on a websocket and what answers it; the echo of a number by default."""
    opening = table.texts("open", default=())
    message = table.optional_text("message", pattern="(?s).+")
    answer = table.optional_text("answer", pattern=ANSWER, expected=ANSWER_EXPECTED)
    given = [key for key in KEYS if table.has(key)]
    if given and not table.has("websocket"):
        table.complain(given[0], "expected websocket = true beside it")
    if len(opening) > MOST_OPENING:
        table.refuse("open", f"at most {MOST_OPENING} messages", len(opening))
    if max(map(len, [*opening, message or ""])) > MOST_CHARACTERS:
        table.complain(given[0], f"expected messages of at most {MOST_CHARACTERS:,} characters")
    if message is not None and NUMBER not in message and answer is None:
        table.complain("answer", f"expected beside a message without {NUMBER}: {ANSWER_EXPECTED}")
    return Exchange(opening, message or NUMBER, answer or ECHO)
