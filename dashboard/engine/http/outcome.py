"""Whether a whole answer did what was asked for; the one rule for every load and every client.

A status alone does not say. A form's view answers 302 when it has done its work, and a login or
a redirect to https answers 302 instead of it. The probe's stamps say whether a view was called.
A redirect of `login_required` passes for the view's own, since Django calls the decorated one:
it is known by its wish to come back to the same path afterwards.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from dashboard.wire.failure import Failure
from dashboard.wire.frame import NO_VIEW

from .probe_header import END_OF_HEAD

FIRST_REDIRECT: Final = 300
NOT_MODIFIED: Final = 304  # an answer like any other, though its number is a redirect's
FIRST_ERROR: Final = 400
LOCATION: Final = re.compile(rb"\r\nlocation:[ \t]*([^\r\n]*)", re.IGNORECASE)
# What the query of a redirect to a login calls the page to come back to, without `_` and `-`.
COME_BACK: Final = frozenset(
    ("next", "return", "returnto", "returnurl", "redirect", "redirectto", "continue", "camefrom")
)


def outcome_of(status: int, view_entered: int, location: str, path: str) -> Failure:
    """Return why an answer is none; `Failure.NONE` for one that did what was asked for.

    `location` is where a redirect leads, `path` what was asked for, with or without a query.
    """
    if status >= FIRST_ERROR:
        return Failure.STATUS
    if status < FIRST_REDIRECT or status == NOT_MODIFIED:
        return Failure.NONE
    if comes_back(location, path):
        return Failure.LOGIN
    return Failure.REDIRECTED if view_entered == NO_VIEW else Failure.NONE


def location_of(answer: bytes) -> str:
    """Return where a redirect leads, from an answer that begins with its head; else empty."""
    found = LOCATION.search(answer, 0, answer.find(END_OF_HEAD))
    return "" if found is None else found[1].strip().decode("latin-1")


@lru_cache(maxsize=256)  # all requests of a firing are mostly sent to the same place
def comes_back(location: str, path: str) -> bool:
    """Whether a redirect asks to be sent back to the same path when something else is done."""
    try:
        here = unquote(urlsplit(path).path)
        return any(
            name.lower().replace("_", "").replace("-", "") in COME_BACK
            and unquote(urlsplit(value).path) == here
            for name, value in parse_qsl(urlsplit(location).query)
        )
    except ValueError:  # no address at all
        return False
