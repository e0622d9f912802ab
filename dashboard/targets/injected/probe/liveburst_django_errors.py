"""Counts the exceptions that Django turns into answers; part of the probe.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

from liveburst_answers import ANSWERS, MARK, claim
from liveburst_counters import LOAD
from liveburst_request import request_of

UNCAUGHT = 500  # what Django answers where it sends the signal


def is_loads(django_request: Any) -> bool:
    """Return True if a request of Django's belongs to the load."""
    return request_of(django_request).counters is LOAD


def watch_errors() -> None:
    """Count the exceptions that Django turns into answers to the load.

    `response_for_exception` is given all of them, Http404 and its like too, for which Django has
    no signal. The signal adds what is caught elsewhere and passed on, by a framework beside it.
    """
    handling: Any = sys.modules.get("django.core.handlers.exception")
    signals: Any = sys.modules.get("django.core.signals")
    respond = getattr(handling, "response_for_exception", None)
    if respond is None or hasattr(respond, MARK):
        return

    @functools.wraps(respond)
    def response_for_exception(request: Any, error: BaseException) -> Any:
        if not is_loads(request) or not claim(error):
            return respond(request, error)
        status = None
        try:
            response = respond(request, error)
            status = getattr(response, "status_code", None)
            return response
        finally:
            ANSWERS.claimed(error, status)

    def signalled(request: Any = None, **_: Any) -> None:
        if request is None or is_loads(request):
            ANSWERS.raised(sys.exc_info()[1], UNCAUGHT)

    setattr(response_for_exception, MARK, True)
    handling.response_for_exception = response_for_exception
    signal = getattr(signals, "got_request_exception", None)
    if signal is not None:
        signal.connect(signalled, weak=False, dispatch_uid="liveburst")
