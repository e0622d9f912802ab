"""Measures how late an event loop, or gevent's hub, runs a timer; part of the probe.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable
from typing import Any

from liveburst_loop import BEAT_S, LOOP, mark
from liveburst_request import now


class Heartbeat:
    """Beats in the event loop during a firing, and keeps the worst lateness of a beat (ns)."""

    def __init__(self, loop: Any) -> None:
        self.loop = loop
        self.number = 0  # beats that an earlier firing scheduled carry another one and stop
        self.due_ns = self.worst_ns = 0

    def begin(self) -> None:
        """Begin a firing. A loop that is blocked already is late from now on."""
        self.number += 1
        self.worst_ns, self.due_ns = 0, now()
        LOOP.begin()
        self.loop.call_soon_threadsafe(self.beat, self.number)

    def end(self) -> None:
        """End the firing."""
        self.number += 1

    def beat(self, number: int) -> None:
        """Keep how late this beat is, and schedule the next."""
        if number == self.number:
            moment = now()
            mark(moment)
            LOOP.delay.take()  # so that what a later gap subtracts is at most a beat old
            self.worst_ns = max(self.worst_ns, moment - self.due_ns)
            self.due_ns = moment + int(BEAT_S * 1e9)
            self.loop.call_later(BEAT_S, self.beat, number)

    def take(self) -> int:
        """Return the worst lateness since the last call (ns); an outstanding beat counts too."""
        worst, self.worst_ns = self.worst_ns, 0
        return max(worst, now() - self.due_ns, 0)


class GeventHub:
    """Gevent's hub, with the few methods of an event loop that a heartbeat needs."""

    def __init__(self, hub: Any) -> None:
        self.loop = hub.loop

    def call_soon_threadsafe(self, callback: Callable[..., None], *args: Any) -> None:
        """Call it in the hub's thread; may be called from any thread."""
        self.loop.run_callback_threadsafe(callback, *args)

    def call_later(self, delay_s: float, callback: Callable[..., None], *args: Any) -> None:
        """Call it in the hub after a delay; may be called in the hub's thread only."""
        timer = self.loop.timer(delay_s)

        def ring() -> None:
            timer.close()
            callback(*args)

        timer.start(ring)


def running_loop() -> Any:
    """Return the event loop, or gevent's hub, that this thread serves requests from; else None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:  # WSGI
        pass
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("threading"):
        return GeventHub(importlib.import_module("gevent").get_hub())
    return None
