"""Why a request failed: a closed set, so that every reader knows every word of it."""

from __future__ import annotations

from enum import IntEnum


class Failure(IntEnum):
    """The code in the `error` column of a sample; 0 is success. Documented in docs/frame.md.

    Stored runs hold these numbers: new ones go to the end, and none is used again.
    """

    NONE = 0
    REFUSED = 1  # nobody listens, or the backlog turned us away
    UNREACHABLE = 2  # any other failure to connect
    NO_DESCRIPTORS = 3  # this process may not open another socket
    TIMEOUT = 4  # no whole answer within the plan's timeout
    RESET = 5  # the peer reset the connection
    CLOSED = 6  # the peer closed before the answer was whole
    MALFORMED = 7  # what came back is not HTTP
    STATUS = 8  # a whole answer, with a status of 400 or more
    ABORTED = 9  # the run was stopped while this was in flight
    TLS = 10  # connected, but no encrypted connection could be agreed upon
    ENDLESS_HEAD = 11  # the answer's head was longer than the engine reads
    SURPLUS = 12  # a whole answer, and more behind it that nobody asked for
    NO_RESULT = 14  # an answer 202 that does not say where on the same server the result will be
    CLIENT = 13  # another client library failed in a way that has no word of its own here
    REDIRECTED = 15  # Django answered a redirect, and called no view for it
    LOGIN = 16  # a redirect that wants to come back here, as one to a login does


_NAMES = {Failure.REDIRECTED: "redirected-before-view", Failure.LOGIN: "sent-to-login"}


def failure_names() -> list[str]:
    """Return the word for each code, by its number: what a reader in another language is handed.

    Empty for success, for what Stop cut off, and for a number that no failure has. `http` stands
    for a status.
    """
    failures = (code for code in Failure if code not in {Failure.NONE, Failure.ABORTED})
    names = {code: failure_name(code, 0).removesuffix("-0") for code in failures}
    return [names.get(number, "") for number in range(max(Failure) + 1)]  # type: ignore[call-overload]


def failure_name(code: int, status: int) -> str:
    """The word a person reads: `timeout`, `no-descriptors`, or `http-500` for a status."""
    if code == Failure.STATUS:
        return f"http-{status}"
    failure = Failure(code)
    return _NAMES.get(failure, failure.name.lower().replace("_", "-"))
