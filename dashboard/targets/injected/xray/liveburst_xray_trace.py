"""Spans of one traced request: what it did, from when to when, and on which thread.

The X-ray's application (`liveburst_xray.py`) opens a trace; its patches
(`liveburst_xray_patches.py`) record spans in it, by `liveburst_xray_spans.py`. Standard library
alone, Python 3.9.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import threading
import time
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from liveburst_environment import version_of
from liveburst_xray_names import name_of

MOST_SPANS = 10_000
UNKNOWN = -1

now = time.monotonic_ns


class Span:
    """Something that a traced request did: from when to when (ns), and on which thread."""

    __slots__ = (
        *("begun", "ended", "extra", "kind"),
        *("number", "parent", "subject", "thread", "trace"),
    )

    def __init__(self, trace: Trace, kind: str, subject: Any, parent: Span | None) -> None:
        self.trace = trace
        self.number = next(trace.numbers)
        self.parent = parent
        self.kind = kind
        self.subject = subject  # named when the trace is over, so that naming costs it no time
        self.thread = trace.current_thread()
        self.extra: dict[str, Any] = {}
        self.ended = UNKNOWN
        self.begun = now()

    def end(self) -> None:
        """End the span now."""
        self.ended = now()

    def to_json(self) -> dict[str, Any]:
        """Return the span in the form of the trace file."""
        return {
            "number": self.number,
            "parent": self.parent.number if self.parent else None,
            "kind": self.kind,
            "name": name_of(self.kind, self.subject),
            "thread": self.thread,
            "begun": self.begun,
            "ended": self.ended,
            **self.extra,
        }


class Trace:
    """All that one request does, until it is over."""

    def __init__(self) -> None:
        self.numbers = itertools.count()
        self.spans: list[Span] = []
        self.threads: dict[int, dict[str, Any]] = {}
        self.dropped = 0
        self.over = False

    def open(self, kind: str, subject: Any, parent: Span | None) -> Span:
        """Return a span that begins now. One beyond the limit is counted, and not kept."""
        span = Span(self, kind, subject, parent)
        if len(self.spans) < MOST_SPANS:
            self.spans.append(span)
        else:
            self.dropped += 1
        return span

    def current_thread(self) -> int:
        """Return the number of the calling thread, and note its name."""
        current = threading.current_thread()
        number = thread_number(current)
        thread = self.threads.setdefault(number, {"name": current.name, "loop": False})
        thread["loop"] = thread["loop"] or runs_a_loop()
        return number

    def finish(self) -> None:
        """End the trace and write it, whole or not at all."""
        self.over = True
        trace = {
            "process": os.getpid(),
            "asgiref": version_of("asgiref"),
            "threads": {str(number): thread for number, thread in self.threads.items()},
            "spans": [span.to_json() for span in self.spans],
            "dropped": self.dropped,
        }
        path = Path(os.environ["LIVEBURST_XRAY_FILE"])
        part = path.with_suffix(".part")
        part.write_text(json.dumps(trace), encoding="utf-8")
        part.replace(path)


CURRENT_SPAN: ContextVar[Span | None] = ContextVar("liveburst_xray", default=None)


def current_span() -> Span | None:
    """Return the traced request's current span; None outside of it, and when it is over."""
    span = CURRENT_SPAN.get()
    return None if span is None or span.trace.over else span


def thread_number(thread: threading.Thread) -> int:
    """Return the system's number of a started thread: unlike Python's it is not soon reused."""
    if "gevent.monkey" in sys.modules:
        return thread.ident or UNKNOWN  # all greenlets are one thread of the system
    return thread.native_id or UNKNOWN


def runs_a_loop() -> bool:
    """Return True if an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
