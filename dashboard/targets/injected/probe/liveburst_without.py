"""Leaves entries of MIDDLEWARE out of a project, as an experiment; part of the probe.

LIVEBURST_WITHOUT names them, with commas: by their whole path or by its end (`SessionMiddleware`
for `django.contrib.sessions.middleware.SessionMiddleware`). The setting is overridden in this
process whenever Django builds a chain of middleware from it; no file of the project changes.
Standard library alone, Python 3.9.
"""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Iterable
from typing import Any

LEFT_OUT: set[str] = set()  # names that were found in a chain
SEEN: dict[str, None] = {}  # all entries of all chains, in their order


def names() -> list[str]:
    """Return the names of what is to be left out."""
    return [name for name in os.environ.get("LIVEBURST_WITHOUT", "").split(",") if name]


def override_middleware() -> None:
    """Patch Django so that it builds its chains without the named entries, if any are named."""
    if not names():
        return
    try:
        base = importlib.import_module("django.core.handlers.base")
    except ImportError:
        return  # `check_left_out` reports it
    load = base.BaseHandler.load_middleware

    @functools.wraps(load)
    def load_middleware(self: Any, *args: Any, **kwargs: Any) -> Any:
        base.settings.MIDDLEWARE = remaining(base.settings.MIDDLEWARE)
        return load(self, *args, **kwargs)

    base.BaseHandler.load_middleware = load_middleware


def remaining(middleware: Iterable[str]) -> list[str]:
    """Return the entries that are not left out. Raises ValueError if a name fits several."""
    entries = [str(entry) for entry in middleware]
    SEEN.update(dict.fromkeys(entries))
    for name in names():
        fitting = sorted({entry for entry in entries if fits(name, entry)})
        if len(fitting) > 1:
            raise ValueError(f"without={name}: expected one of {', '.join(fitting)}")
        if fitting:
            LEFT_OUT.add(name)
        entries = [entry for entry in entries if entry not in fitting]
    return entries


def fits(name: str, entry: str) -> bool:
    """Return True if a name is the path of an entry, or the end of it after a dot."""
    return entry == name or entry.endswith("." + name)


def check_left_out() -> None:
    """Raise ValueError if a name is in no chain: nothing would have been left out."""
    for name in names():
        if name not in LEFT_OUT:
            expected = f"one of {', '.join(SEEN)}" if SEEN else "none, MIDDLEWARE is empty"
            raise ValueError(f"without={name}: expected {expected}")
