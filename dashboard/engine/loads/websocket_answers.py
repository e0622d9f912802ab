"""Which message of a websocket answers the one that was sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dashboard.wire.exchange import ANY, CONTAINS, ECHO, JSON, NUMBER, Exchange

# Whether a message (text or bytes, and what it says) answers the request of that number.
Answers = Callable[[bool, bytes, int], bool]
_MISSING = object()


def answers_of(exchange: Exchange) -> Answers:
    """Return what tells the answer to a request from whatever else a server says."""
    rule = exchange.answer
    if rule == ECHO:
        return lambda text, data, number: text and data == words(exchange.message, number)
    if rule == ANY:
        return lambda text, data, number: True
    if rule.startswith(CONTAINS):
        part = rule.removeprefix(CONTAINS)
        return lambda text, data, number: words(part, number) in data
    return _json_rule(rule.removeprefix(JSON))


def words(text: str, number: int) -> bytes:
    """Return a message as it is sent for the request of a number, in UTF-8."""
    return text.replace(NUMBER, str(number)).encode()


def _json_rule(rule: str) -> Answers:
    key, equals, expected = rule.partition("=")

    def answers(text: bool, data: bytes, number: int) -> bool:
        found = _at(data, key)
        if found is _MISSING or not equals:
            return found is not _MISSING
        wanted = expected.replace(NUMBER, str(number))
        return found == wanted or json.dumps(found) == _normal(wanted)

    return answers


def _at(data: bytes, key: str) -> Any:
    """What a JSON object has at a key, dots lead into those within; _MISSING where it has none."""
    try:
        found = json.loads(data)
    except ValueError:  # no JSON, or not UTF-8
        return _MISSING
    for name in key.split("."):
        if not isinstance(found, dict) or name not in found:
            return _MISSING
        found = found[name]
    return found


def _normal(text: str) -> str | None:
    """JSON as we would write it; None where it is none."""
    try:
        return json.dumps(json.loads(text))
    except ValueError:
        return None
