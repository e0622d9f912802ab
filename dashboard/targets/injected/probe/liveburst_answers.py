"""Counts exceptions, and redirects that may not be the view's, by kind; part of the probe.

Standard library alone, Python 3.9. Whatever goes wrong here goes unreported, since a probe must
never break a response.

Of an exception its type, its message (at most `MOST_CHARACTERS`) and the innermost place in the
project's own directory are kept, and nothing else: no local variable, no header, no body. Of a
redirect its status and its target, without the query. Each kind is kept once and counted, at most
`MOST_KINDS` of exceptions and of redirects, however many requests there are.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, Optional

from liveburst_unpatched import unpatched

MOST_KINDS = 8
MOST_CHARACTERS = 300
MOST_FRAMES = 2000  # searched for the innermost place; a recursion has about a thousand
MARK = "_liveburst_counted"  # on an exception that is counted: it may pass several watchers
INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
DIRECTORY = os.path.realpath(os.environ.get("LIVEBURST_DIRECTORY") or os.curdir)

# Status, the exception's type, and where it was raised; of a redirect no type, and its target.
Kind = tuple[Optional[int], Optional[str], Optional[str]]


class Answers:
    """Counts kinds of exceptions and redirects in one process since the firing began."""

    def __init__(self, lock: Any) -> None:
        self.lock = lock
        self.kinds: dict[Kind, dict[str, Any]] = {}
        self.changed = False

    def begin(self) -> None:
        """Begin a firing with no kinds."""
        with self.lock:
            self.kinds, self.changed = {}, False

    def news(self) -> list[dict[str, Any]] | None:
        """Return every kind with its count, or None if nothing changed since the last call."""
        with self.lock:
            if not self.changed:
                return None
            self.changed = False
            return [dict(kind) for kind in self.kinds.values()]

    def raised(self, error: BaseException | None, status: int | None) -> None:
        """Count an exception that was turned into an answer with this status; None: into none."""
        if error is not None and claim(error):
            self.claimed(error, status)

    def escaped(self, error: BaseException) -> None:
        """Count what the application raised to its server, unless it ends a task or the process."""
        if isinstance(error, Exception):
            self.raised(error, None)

    def claimed(self, error: BaseException, status: int | None) -> None:
        """Count an exception that the caller has claimed."""
        try:
            kind = (status, name_of(type(error)), place_of(error))
            self._count(kind, lambda: message_of(error))
        except Exception:  # nosec B110 - a property of a project's exception may do anything
            pass

    def redirected(self, status: int, headers: Iterable[Any], called: bool) -> None:
        """Count a redirect by its target. `called`: a view was called for the request.

        A view's own redirect is of interest only with a query: it may lead to a login.
        """
        try:
            location = location_in(headers)
            path, query, _ = location.partition("?")
            if path and (query or not called):
                self._count((status, None, path[:MOST_CHARACTERS]))
        except Exception:  # nosec B110 - headers may be anything
            pass

    def _count(self, kind: Kind, message: Callable[[], str] = str) -> None:
        text = "" if kind in self.kinds else message()  # project's code, so outside of the lock
        status, name, where = kind
        with self.lock:
            alike = sum((other is None) == (name is None) for _, other, _ in self.kinds)
            if kind in self.kinds:
                self.kinds[kind]["count"] += 1
            elif alike < MOST_KINDS:
                fields = {"status": status, "type": name, "message": text, "where": where}
                self.kinds[kind] = {**fields, "count": 1}
            self.changed = True


ANSWERS = Answers(unpatched("_thread", "allocate_lock")())  # to the load


def claim(error: BaseException) -> bool:
    """Return True if an exception has not been counted yet: it may pass several watchers."""
    try:
        if getattr(error, MARK, False):
            return False
        setattr(error, MARK, True)
    except Exception:  # nosec B110 - its class may forbid it
        pass
    return True


def name_of(kind: type) -> str:
    """Return a type's name with its module, without it for Python's own."""
    name = kind.__qualname__
    return name if kind.__module__ == "builtins" else f"{kind.__module__}.{name}"


def message_of(error: BaseException) -> str:
    """Return an exception's message on one line, cut; empty if it cannot be made."""
    try:
        first = error.args[0] if error.args else None
        if isinstance(first, dict) and "path" in first:  # Django's Resolver404
            text = f"no URL pattern matches {first['path']!r}"
        else:
            text = str(error)
    except Exception:
        return ""
    return " ".join(text[: 4 * MOST_CHARACTERS].split())[:MOST_CHARACTERS]


def place_of(error: BaseException) -> str | None:
    """Return the innermost `file:line function` in the project's directory; None without one."""
    place, trace = None, error.__traceback__
    for _ in range(MOST_FRAMES):
        if trace is None:
            break
        code = trace.tb_frame.f_code
        path = in_project(code.co_filename)
        if path:
            place = f"{path}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return place


@functools.lru_cache(maxsize=1024)
def in_project(filename: str) -> str:
    """Return the path of a file below the project's directory; empty for any other file."""
    if filename.startswith("<"):  # <string>, <frozen importlib._bootstrap>: no file at all
        return ""
    path = os.path.realpath(filename)
    if not path.startswith(DIRECTORY + os.sep) or any(part in path for part in INSTALLED):
        return ""
    for prefix in {sys.prefix, sys.base_prefix}:  # an interpreter inside the project
        inside = os.path.realpath(prefix)
        if inside.startswith(DIRECTORY + os.sep) and path.startswith(inside + os.sep):
            return ""
    return path[len(DIRECTORY) + 1 :]


def location_in(headers: Iterable[Any]) -> str:
    """Return the header `Location` of WSGI's texts or ASGI's bytes; empty without one."""
    for name, value in headers:
        if name.lower() in ("location", b"location"):
            return value.decode("latin1") if isinstance(value, bytes) else str(value)
    return ""
