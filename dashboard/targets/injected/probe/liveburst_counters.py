"""Counts requests, views and threads in this process; part of the probe.

Maxima are true maxima, sums count from the beginning of the firing. There are two sets: the
load's, which its lane is charged with, and the bystander's. Standard library alone, Python 3.9.
"""

from __future__ import annotations

from liveburst_unpatched import unpatched

REPORTED = (
    "in_app", "peak_in_app", "in_view", "peak_in_view", "requests", "threads_started",
)  # fmt: skip


class Counters:
    """Counters that several threads change, all under one lock."""

    def __init__(self) -> None:
        self.lock = unpatched("_thread", "allocate_lock")()
        self.unfinished = 0  # in the application, or answered while it still works for them
        self.in_app = self.in_view = 0
        self.peak_in_app = self.peak_in_view = 0
        self.requests = self.threads_started = 0

    def enter_app(self) -> None:
        """Count a request that reached the application."""
        with self.lock:
            self.unfinished += 1
            self.requests += 1
            self.in_app += 1
            self.peak_in_app = max(self.peak_in_app, self.in_app)

    def leave_app(self) -> None:
        """Count a request whose answer is complete, or will never come."""
        with self.lock:
            self.in_app -= 1

    def finish(self) -> None:
        """Count a request for which the application has nothing left to do."""
        with self.lock:
            self.unfinished -= 1

    def enter_view(self) -> None:
        """Count a view that Django calls."""
        with self.lock:
            self.in_view += 1
            self.peak_in_view = max(self.peak_in_view, self.in_view)

    def leave_view(self) -> None:
        """Count a view that returned or raised."""
        with self.lock:
            self.in_view -= 1

    def start_thread(self) -> None:
        """Count a thread that is started."""
        with self.lock:
            self.threads_started += 1

    def begin(self) -> None:
        """Begin a firing: peaks start from the present values, sums from 0."""
        with self.lock:
            self.peak_in_app, self.peak_in_view = self.in_app, self.in_view
            self.requests = self.threads_started = 0

    def is_quiet(self) -> bool:
        """Return True if nothing is under way. A sync view may outlive its cancelled request."""
        return self.unfinished <= 0 and self.in_view <= 0

    def report(self) -> dict[str, int]:
        """Return the reported counters, all read at one instant."""
        with self.lock:
            return {name: getattr(self, name) for name in REPORTED}


LOAD = Counters()
BYSTANDER = Counters()
