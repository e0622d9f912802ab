"""Keeps the values of secrets out of what a target tells us: the name stands in their place.

What is sent comes back: in an exception's message, a log, a redirect, a page, a websocket's
words. Whatever of these enters this process goes through `masked` before anybody keeps or
shows it. The values themselves are in this process's memory alone.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

LEAST_CHARACTERS = 4  # a shorter value would be found by chance in every text
LEAST_OF_SESSION = 16  # other cookies hold words, like a language

_said: dict[str, str] = {}  # each way to write a value -> what is said in its place
_any_of_them: list[re.Pattern[str]] = []  # one pattern of all, once there is a value


def remember(value: str, said: str, least: int = LEAST_CHARACTERS) -> None:
    """Put `said` in the place of this value from now on, however it is escaped."""
    if len(value) < least or value in _said:
        return
    for form in _forms(value):
        if len(form) >= LEAST_CHARACTERS:
            _said.setdefault(form, said)
    longest_first = sorted(_said, key=len, reverse=True)
    _any_of_them[:] = [re.compile("|".join(map(re.escape, longest_first)))]


def remember_variable(name: str, value: str) -> None:
    """Put `{env:NAME}` in the place of the value of a variable."""
    remember(value, f"{{env:{name}}}")


def remember_session(cookies: Mapping[str, str]) -> None:
    """Put `{session:NAME}` in the place of the cookies of somebody who was logged in."""
    for name, value in cookies.items():
        remember(value, f"{{session:{name}}}", LEAST_OF_SESSION)


def masked(text: str, *, begun_within: bool = False, cut_off: bool = False) -> str:
    """Return a text of the target's without the values that are known.

    It may have `begun_within` one or be `cut_off` in one: LEAST_CHARACTERS of it are enough then.
    """
    if not _any_of_them:
        return text
    text = _any_of_them[0].sub(lambda found: _said[found[0]], text)
    if begun_within:
        text = _without(text, str.startswith, lambda form, length: form[-length:])
    if cut_off:
        text = _without(text, str.endswith, lambda form, length: form[:length])
    return text


def all_masked(told: Any) -> Any:
    """Return what JSON gave, with every text in it masked."""
    if isinstance(told, str):
        return masked(told)
    if isinstance(told, list):
        return [all_masked(one) for one in told]
    if isinstance(told, dict):
        return {masked(name): all_masked(one) for name, one in told.items()}
    return told


def _forms(value: str) -> Iterator[str]:
    """Yield the ways in which a value is written in logs, URLs, JSON, HTML and Python."""
    yield value
    yield " ".join(value.split())
    for form in (quote(value), quote(value, ""), quote_plus(value)):
        yield form
        yield re.sub("%..", lambda found: found[0].lower(), form)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield repr(value.encode())[2:-1]
    yield html.escape(value)


def _without(text: str, has: Callable[[str, str], bool], part_of: Callable[[str, int], str]) -> str:
    """Return a text without the longest part of a value that it `has` at one of its ends."""
    parts = (
        (part_of(form, length), said)
        for form, said in _said.items()
        for length in range(LEAST_CHARACTERS, min(len(form), len(text) + 1))
    )
    found = max(
        (one for one in parts if has(text, one[0])), key=lambda one: len(one[0]), default=None
    )
    if found is None:
        return text
    rest, said = found
    return said + text[len(rest) :] if has is str.startswith else text[: -len(rest)] + said
