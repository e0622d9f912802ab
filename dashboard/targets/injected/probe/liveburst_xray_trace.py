"""Spans of one traced request: what it did, from when to when, and on which thread.

The X-ray's application (`liveburst_xray.py`) opens a trace; its patches
(`liveburst_xray_patches.py`) record spans in it. Standard library alone, Python 3.9.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import liveburst_xray_words as words
from liveburst_probe import version_of

MOST_SPANS = 10_000
UNKNOWN = -1
MARK = "liveburst_xray"  # of a function that `within` has made: itself, as decorators copy marks

now = time.monotonic_ns


class Span:
    """Something that a traced request did: from when to when, and on which thread."""

    __slots__ = ("begun", "ended", "extra", "kind", "number", "parent", "thing", "thread", "trace")

    def __init__(self, trace: Trace, kind: str, thing: Any, parent: Span | None) -> None:
        self.trace = trace
        self.number = next(trace.numbers)
        self.parent = parent
        self.kind = kind
        self.thing = thing  # put into words when the trace is over, which costs nobody any time
        self.thread = trace.here()
        self.extra: dict[str, Any] = {}
        self.ended = UNKNOWN
        self.begun = now()

    def end(self) -> None:
        """It is over."""
        self.ended = now()

    def to_json(self) -> dict[str, Any]:
        """As it stands in the trace."""
        return {
            "number": self.number,
            "parent": self.parent.number if self.parent else None,
            "kind": self.kind,
            "name": words.name_of(self.kind, self.thing),
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

    def open(self, kind: str, thing: Any, parent: Span | None) -> Span:
        """A span that begins now. One too many is counted, and not kept."""
        span = Span(self, kind, thing, parent)
        if len(self.spans) < MOST_SPANS:
            self.spans.append(span)
        else:
            self.dropped += 1
        return span

    def here(self) -> int:
        """The number of the thread that asks, whose name is noted."""
        current = threading.current_thread()
        number = thread_number(current)
        thread = self.threads.setdefault(number, {"name": current.name, "loop": False})
        thread["loop"] = thread["loop"] or runs_a_loop()
        return number

    def finish(self) -> None:
        """The request is over: write what was seen, all of it or nothing."""
        self.over = True
        found = {
            "process": os.getpid(),
            "asgiref": version_of("asgiref"),
            "threads": {str(number): thread for number, thread in self.threads.items()},
            "spans": [span.to_json() for span in self.spans],
            "dropped": self.dropped,
        }
        path = Path(os.environ["LIVEBURST_XRAY_FILE"])
        part = path.with_suffix(".part")
        part.write_text(json.dumps(found), encoding="utf-8")
        part.replace(path)


CURRENT: ContextVar[Span | None] = ContextVar("liveburst_xray", default=None)


def traced() -> Span | None:
    """The span that the traced request is in; None outside of it, and when it is over."""
    span = CURRENT.get()
    return None if span is None or span.trace.over else span


def thread_number(thread: threading.Thread) -> int:
    """The system's number of a thread that has started: unlike Python's it is not soon reused."""
    if "gevent.monkey" in sys.modules:
        return thread.ident or UNKNOWN  # all greenlets are one thread of the system
    return thread.native_id or UNKNOWN


def runs_a_loop() -> bool:
    """Whether an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Recorded:
    """Records a block as a span, below `parent` or what is current; nothing if untraced."""

    def __init__(self, kind: str, thing: Any, parent: Span | None = None) -> None:
        self.kind = kind
        self.thing = thing
        self.parent = parent
        self.span: Span | None = None

    def __enter__(self) -> Span | None:
        self.before = CURRENT.get()
        parent = self.parent or self.before
        if parent is not None and not parent.trace.over:
            self.span = parent.trace.open(self.kind, self.thing, parent)
            CURRENT.set(self.span)
        return self.span

    def __exit__(self, *exc_info: object) -> None:
        if self.span is not None:
            self.span.end()
            # No token: asgiref copies variables from thread to thread, which a token forbids.
            CURRENT.set(self.before)


def within(
    kind: str,
    function: Callable[..., Any],
    thing: Any,
    is_async: bool,
    parent: Span | None = None,
) -> Any:
    """The same function, each call of which is a span."""

    @functools.wraps(function)
    def sync_inside(*args: Any, **kwargs: Any) -> Any:
        with Recorded(kind, thing, parent):
            return function(*args, **kwargs)

    @functools.wraps(function)
    async def async_inside(*args: Any, **kwargs: Any) -> Any:
        with Recorded(kind, thing, parent):
            return await function(*args, **kwargs)

    inside = async_inside if is_async else sync_inside
    setattr(inside, MARK, inside)
    return inside


def records_itself(function: Callable[..., Any]) -> bool:
    """Whether `within` has made this function, or the function of this method."""
    plain = getattr(function, "__func__", function)
    return getattr(plain, MARK, None) is plain


def working(hop: Span, function: Callable[..., Any], thing: Any = None) -> Callable[..., Any]:
    """The sync work of a hop, recorded on whichever thread it runs."""
    if records_itself(function):
        return carried(hop, function)

    def work(*args: Any, **kwargs: Any) -> Any:
        with Recorded("work", thing or function, hop):
            return function(*args, **kwargs)

    return work


def carried(span: Span, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with this span as the current one: threads do not inherit what is current."""

    def carry(*args: Any, **kwargs: Any) -> Any:
        before = CURRENT.get()
        CURRENT.set(span)
        try:
            return function(*args, **kwargs)
        finally:
            CURRENT.set(before)

    return carry
