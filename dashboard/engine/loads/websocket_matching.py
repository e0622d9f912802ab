"""Finds the message of a websocket that answers the one sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

from dashboard.wire.plan.exchange import ANY, CONTAINS, ECHO, JSON, NUMBER
from dashboard.wire.untrusted import decode_json

# Whether a message (is it text, its bytes) answers the request of that number.
AnswerMatcher: TypeAlias = Callable[[bool, bytes, int], bool]
_MISSING = object()


def answer_matcher(rule: str, message: str = NUMBER) -> AnswerMatcher:
    """Return the check that a message is the answer to a request."""
    if rule == ECHO:
        return lambda text, data, request: text and data == render_message(message, request)
    if rule == ANY:
        return lambda text, data, request: True
    if rule.startswith(CONTAINS):
        part = rule.removeprefix(CONTAINS)
        return lambda text, data, request: render_message(part, request) in data
    return _json_matcher(rule.removeprefix(JSON))


def render_message(template: str, request: int) -> bytes:
    """Return a message with the number of its request filled in, in UTF-8."""
    return template.replace(NUMBER, str(request)).encode()


def _json_matcher(rule: str) -> AnswerMatcher:
    key, equals, template = rule.partition("=")

    def answers(text: bool, data: bytes, request: int) -> bool:
        value = _value_at(data, key)
        if value is _MISSING or not equals:
            return value is not _MISSING
        expected = template.replace(NUMBER, str(request))
        return value == expected or json.dumps(value) == _normalised(expected)

    return answers


def _value_at(data: bytes, path: str) -> Any:
    """Return the value at a dotted path in a JSON object; _MISSING if there is none."""
    try:
        value = decode_json(data)
    except ValueError:  # neither JSON nor UTF-8
        return _MISSING
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _normalised(text: str) -> str | None:
    """Return JSON as `json.dumps` writes it; None if the text is not JSON."""
    try:
        return json.dumps(decode_json(text))
    except ValueError:
        return None
