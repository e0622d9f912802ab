"""Counts the threads that are started, each for the request that starts it; part of the probe.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from liveburst_counters import BYSTANDER
from liveburst_request import current_counters, current_request, set_current_request

POOLS = "concurrent.futures.thread"  # its threads outlive the call that they were started for


def watch_threads() -> None:
    """Count the threads that Python code starts, each where its starter is charged."""
    start = threading.Thread.start
    if hasattr(start, "liveburst"):
        return

    def counted_start(self: threading.Thread) -> None:
        current_counters().start_thread()
        target = getattr(self, "_target", None)
        if current_counters() is BYSTANDER and getattr(target, "__module__", "") != POOLS:
            self.run = in_same_request(self.run)  # type: ignore[method-assign]
        start(self)

    counted_start.liveburst = True  # type: ignore[attr-defined]
    threading.Thread.start = counted_start  # type: ignore[method-assign]


def in_same_request(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function so that another thread runs it in the context of this request."""
    request = current_request()

    def call(*args: Any, **kwargs: Any) -> Any:
        set_current_request(request)
        try:
            return function(*args, **kwargs)
        finally:
            set_current_request(None)  # a pool's thread goes on to work for other requests

    return call
