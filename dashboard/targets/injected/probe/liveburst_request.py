"""One request as the probe sees it, and how running code finds it; part of the probe.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from liveburst_answers import ANSWERS
from liveburst_counters import BYSTANDER, LOAD, Counters

REQUEST_KEY = "liveburst.request"  # in environ or scope: the probe's Request
# The end of a bystander request's query: it is fired beside the load and no part of it.
BYSTANDER_MARK = "liveburst-neighbour"
BYSTANDER_MARK_BYTES = BYSTANDER_MARK.encode()
UNKNOWN = -1
NO_VIEW = -2  # Django has the request, and has called no view for it
FIRST_REDIRECT, FIRST_ERROR = 300, 400  # statuses

now = time.monotonic_ns


class Request:
    """One request while it is answered: the counters it is charged to, and its stamps (ns).

    `over` is True once the application has returned: what it left running belongs to no request.
    """

    __slots__ = ("counters", "entered", "over", "view_entered", "view_left")

    def __init__(self, counters: Counters, entered: int) -> None:
        self.counters = counters
        self.entered = entered
        self.over = False
        self.view_entered = self.view_left = UNKNOWN

    @classmethod
    def of_query(cls, query: str | bytes) -> Request:
        """Return a request that has this query and enters now.

        Only this function distinguishes the load from the bystander.
        """
        mark: Any = BYSTANDER_MARK_BYTES if isinstance(query, bytes) else BYSTANDER_MARK
        return cls(BYSTANDER if query.endswith(mark) else LOAD, now())

    def note_answer(self, status: int, headers: Iterable[Any]) -> None:
        """Note that the answer begins. A redirect is counted: it may not be the view's."""
        if FIRST_REDIRECT <= status < FIRST_ERROR and self.counters is LOAD:
            ANSWERS.redirected(status, headers, self.view_entered != NO_VIEW)

    def note_error(self, error: BaseException) -> None:
        """Note an exception that the application raised to its server."""
        if self.counters is LOAD:
            ANSWERS.escaped(error)


# The request in whose context code runs, here or in a thread that works for it; else None.
_CURRENT: ContextVar[Request | None] = ContextVar("liveburst", default=None)
# Bound once: CPython makes a bound method for each call of an imported object's method, and not of
# one from the same module. Unbound, a request under WSGI took 2.6 % more instructions.
new_request, current_request, set_current_request = Request.of_query, _CURRENT.get, _CURRENT.set


def current_counters() -> Counters:
    """Return the counters that the running code is charged to: the load's outside of a request."""
    request = current_request()
    return LOAD if request is None else request.counters


def request_of(django_request: Any) -> Request:
    """Return the probe's request for the one in Django's handler.

    Django's requests keep the server's own mapping: `scope` under ASGI, `environ` under WSGI. One
    that did not come through the probe (a test client's, one that a view makes) is the load's.
    """
    mapping = getattr(django_request, "scope", None) or getattr(django_request, "environ", None)
    request = (mapping or {}).get(REQUEST_KEY)
    return Request(LOAD, UNKNOWN) if request is None else request
