"""Masks secrets in what comes from a target: the name of a value replaces it.

Values that are sent come back: in exceptions, logs, redirects, pages and websocket messages. All
of these pass through `masked` before they are stored or shown. The values themselves are only in
the memory of this process.
"""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from .patterns import REDACTED, is_secret_name, password_in, redacted

MIN_CHARACTERS = 4  # a shorter value would occur by chance in every text
MIN_NAMED_CHARACTERS = 8  # of a value that is secret by its variable's name
MIN_SESSION_CHARACTERS = 16  # shorter cookies contain words, like a language

_replacements: dict[str, str] = {}  # each form of a value -> its replacement
_pattern: list[re.Pattern[str]] = []  # one pattern for all forms, once there is a value


def remember(value: str, replacement: str, min_characters: int = MIN_CHARACTERS) -> None:
    """Replace this value from now on, however it is escaped."""
    if len(value) < min_characters or value in _replacements:
        return
    for form in _forms(value):
        if len(form) >= MIN_CHARACTERS:
            _replacements.setdefault(form, replacement)
    longest_first = sorted(_replacements, key=len, reverse=True)
    _pattern[:] = [re.compile("|".join(map(re.escape, longest_first)))]


def remember_variable(name: str, value: str) -> None:
    """Replace the value of an environment variable by `{env:NAME}`."""
    remember(value, f"{{env:{name}}}")


def remember_environment(environment: Mapping[str, str]) -> None:
    """Replace what is secret in the environment of a project's process, by `{env:NAME}`.

    That is the value of a variable that is secret by its name, and the password in an address. A
    value that could be a word, such as the password "postgres", is not replaced everywhere, and
    neither is the path of a file.
    """
    for name, value in environment.items():
        if not name.startswith("LIVEBURST_"):  # new with each process, which would add up
            secret = value if is_secret_name(name) else password_in(value)
            is_word = secret.isalpha() and len(secret) < MIN_SESSION_CHARACTERS
            if not is_word and not os.path.exists(secret):  # noqa: PTH110 - Path's may raise
                remember(secret, f"{{env:{name}}}", MIN_NAMED_CHARACTERS)


def remember_session(cookies: Mapping[str, str]) -> None:
    """Replace the values of a session's cookies by `{session:NAME}`."""
    for name, value in cookies.items():
        remember(value, f"{{session:{name}}}", MIN_SESSION_CHARACTERS)


def known_forms() -> int:
    """Return how many forms of values are replaced; it changes whenever one becomes known."""
    return len(_replacements)


def masked(text: str, *, begun_within: bool = False, cut_off: bool = False) -> str:
    """Return a text from the target with the known values replaced.

    What only has the form of a secret is replaced as well. If the text may begin within a value or
    be cut off in one, MIN_CHARACTERS of that value are replaced too.
    """
    if _pattern:
        text = _pattern[0].sub(lambda match: _replacements[match[0]], text)
    if begun_within:
        text = _without(text, str.startswith, lambda form, length: form[-length:])
    if cut_off:
        text = _without(text, str.endswith, lambda form, length: form[:length])
    return redacted(text)


def all_masked(data: Any) -> Any:
    """Return data parsed from JSON with every text in it masked."""
    if isinstance(data, str):
        return masked(data)
    if isinstance(data, list):
        return [all_masked(item) for item in data]
    if isinstance(data, dict):
        return {all_masked(name): _masked_value(name, value) for name, value in data.items()}
    return data


def _masked_value(name: Any, value: Any) -> Any:
    both_text = isinstance(name, str) and isinstance(value, str)
    return REDACTED if both_text and is_secret_name(name) else all_masked(value)


def _forms(value: str) -> Iterator[str]:
    """Yield the forms of a value in logs, URLs, JSON, HTML and Python."""
    yield value
    yield " ".join(value.split())
    for form in (quote(value), quote(value, ""), quote_plus(value)):
        yield form
        yield re.sub("%..", lambda escape: escape[0].lower(), form)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield repr(value.encode())[2:-1]
    yield html.escape(value)


def _without(text: str, has: Callable[[str, str], bool], part_of: Callable[[str, int], str]) -> str:
    """Return a text with the longest part of a value that it `has` at one of its ends replaced."""
    parts = (
        (part_of(form, length), replacement)
        for form, replacement in _replacements.items()
        for length in range(MIN_CHARACTERS, min(len(form), len(text) + 1))
    )
    matches = (match for match in parts if has(text, match[0]))
    longest = max(matches, key=lambda match: len(match[0]), default=None)
    if longest is None:
        return text
    part, replacement = longest
    if has is str.startswith:
        return replacement + text[len(part) :]
    return text[: -len(part)] + replacement
