"""The reasons why requests fail, as a closed set."""

from __future__ import annotations

from enum import IntEnum


class Failure(IntEnum):
    """The code in the `error` column of a sample; 0 is success. Documented in docs/frame.md.

    Stored runs contain these numbers: add new ones at the end, and never reuse one.
    """

    NONE = 0
    REFUSED = 1  # nothing listens, or the backlog was full
    UNREACHABLE = 2  # any other failure to connect
    NO_DESCRIPTORS = 3  # no descriptor is left for another socket
    TIMEOUT = 4  # no complete response within the plan's timeout
    RESET = 5  # the peer reset the connection
    CLOSED = 6  # the peer closed before the response was complete
    MALFORMED = 7  # the response is not HTTP
    STATUS = 8  # a complete response with a status of 400 or more
    ABORTED = 9  # the run was stopped while this was in flight
    TLS = 10  # connected, but the TLS handshake failed
    ENDLESS_HEAD = 11  # the response's head was longer than the limit
    SURPLUS = 12  # a complete response, followed by bytes that belong to none
    NO_RESULT = 14  # a response 202 without the result's address on the same server
    CLIENT = 13  # another client library failed for a reason that is not listed here
    REDIRECTED = 15  # Django redirected without calling a view
    LOGIN = 16  # a redirect that asks to return here, such as one to a login


_NAMES = {Failure.REDIRECTED: "redirected-before-view", Failure.LOGIN: "sent-to-login"}


def failure_names() -> list[str]:
    """Return the name of each code, by number, for readers in JavaScript.

    Empty for success, for requests that Stop cut off, and for unused numbers. `http` is the name
    of any status.
    """
    failures = (code for code in Failure if code not in {Failure.NONE, Failure.ABORTED})
    names = {code: failure_name(code, 0).removesuffix("-0") for code in failures}
    return [names.get(number, "") for number in range(max(Failure) + 1)]  # type: ignore[call-overload]


def failure_name(code: int, status: int) -> str:
    """Return the name that is shown: `timeout`, `no-descriptors`, or `http-500` for a status."""
    if code == Failure.STATUS:
        return f"http-{status}"
    failure = Failure(code)
    return _NAMES.get(failure, failure.name.lower().replace("_", "-"))
