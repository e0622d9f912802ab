"""Whether a response is the requested one: a rule for all loads and clients.

The status alone is ambiguous. A form's view responds with 302 after its work, and a login or a
redirect to https responds with 302 instead. The probe's stamps show whether a view was
called. A redirect by `login_required` looks like the view's own, since Django calls the decorated
view: it is recognised by a query that leads back to the same path afterwards.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from dashboard.wire.failure import Failure
from dashboard.wire.frame import NO_VIEW
from dashboard.wire.http_status import NOT_MODIFIED

from .probe_header import END_OF_HEAD

FIRST_REDIRECT: Final = 300
FIRST_ERROR: Final = 400
LOCATION: Final = re.compile(rb"\r\nlocation:[ \t]*([^\r\n]*)", re.IGNORECASE)
# Names in the query of a redirect to a login, for the page to return to; without `_` and `-`.
RETURN_PARAMETERS: Final = frozenset(
    ("next", "return", "returnto", "returnurl", "redirect", "redirectto", "continue", "camefrom")
)


def outcome_of(status: int, view_entered: int, location: str, target: str) -> Failure:
    """Return why a response is a failure; `Failure.NONE` if it is none.

    `location` is where a redirect leads, `target` what was requested, with or without a query.
    """
    if status >= FIRST_ERROR:
        return Failure.STATUS
    if status < FIRST_REDIRECT or status == NOT_MODIFIED:
        return Failure.NONE
    if returns_to(location, target):
        return Failure.LOGIN
    return Failure.REDIRECTED if view_entered == NO_VIEW else Failure.NONE


def location_of(response: bytes) -> str:
    """Return the Location header of a response that begins with its head; empty without one."""
    header = LOCATION.search(response, 0, response.find(END_OF_HEAD))
    return "" if header is None else header[1].strip().decode("latin-1")


@lru_cache(maxsize=256)  # the requests of a firing are mostly redirected to the same place
def returns_to(location: str, target: str) -> bool:
    """Return whether a redirect's query names the path of `target` as the page to return to."""
    try:
        path = unquote(urlsplit(target).path)
        return any(
            name.lower().replace("_", "").replace("-", "") in RETURN_PARAMETERS
            and unquote(urlsplit(value).path) == path
            for name, value in parse_qsl(urlsplit(location).query)
        )
    except ValueError:  # not a URL
        return False
