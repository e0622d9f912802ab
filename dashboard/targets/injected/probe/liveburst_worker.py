"""The identity of a worker process; part of the probe.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import os

from liveburst_counters import LOAD
from liveburst_reporter import Reporter
from liveburst_request import UNKNOWN, Request
from liveburst_unpatched import unpatched

HEADER = "liveburst"
HEADER_BYTES = HEADER.encode()


class Worker:
    """A process that serves requests; it starts its reporter at the first one."""

    def __init__(self, interface: str) -> None:
        self.interface = interface
        self.process = UNKNOWN

    def introduce(self) -> None:
        """Start the reporter, once in each process: servers fork after they have imported."""
        process = os.getpid()
        if process == self.process:
            return
        with LOAD.lock:
            introduced, self.process = self.process == process, process
        if not introduced and "LIVEBURST_HEALTH" in os.environ:
            try:
                reporter = Reporter(self.interface)
                reporter.watch_loop()
                unpatched("_thread", "start_new_thread")(reporter.run, ())
            except (KeyError, ValueError, OSError, RuntimeError, AttributeError):
                pass  # there is no dashboard to report to

    def header(self, request: Request) -> str:
        """Return the header's value, from the stamps as they are when the response starts."""
        return f"{request.entered} {request.view_entered} {request.view_left} {self.process}"
