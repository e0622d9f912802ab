"""Puts what the X-ray has seen into words. Works when the trace is over, so it costs it nothing."""

from __future__ import annotations

import functools
import re
import sys
from typing import Any

MOST_CHARACTERS = 120
UNNAMED = "?"

# What a query could say besides its own words: strings (which may hold anything) and comments.
_ASIDE = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_TABLE = re.compile(
    r"\b(?:FROM|INTO|UPDATE|TABLE|JOIN)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?([\w.\"`\[\]]+)",
    re.IGNORECASE,
)
_VERB = re.compile(r"\s*(?:\(\s*)*([A-Za-z]+)")


def name_of(kind: str, thing: Any) -> str:
    """A span's name: of a callable, a signal, a query (verb and table), or a text as it is."""
    if kind == "query":
        name = query(thing)
    elif kind == "signal":
        name = signal(thing)
    elif kind == "view":
        name = f"{getattr(unwrapped(thing), '__module__', UNNAMED)}.{function(thing)}"
    else:
        name = thing if isinstance(thing, str) else function(thing)
    return name[:MOST_CHARACTERS]


def unwrapped(thing: Any) -> Any:
    """What a partial is a partial of."""
    while isinstance(thing, functools.partial):
        thing = thing.func
    return thing


def function(thing: Any) -> str:
    """`SecurityMiddleware.process_request`, `build.inner`; of an object that is called, its class.

    A method is named by the class of its object, not by the one that happens to define it.
    """
    thing = unwrapped(thing)
    owner = getattr(thing, "__self__", None)
    name = getattr(thing, "__name__", None)
    if owner is not None and name and hasattr(thing, "__func__"):
        return f"{(owner if isinstance(owner, type) else type(owner)).__qualname__}.{name}"
    qualified = getattr(thing, "__qualname__", None) or type(thing).__qualname__
    return str(qualified).replace("<locals>.", "")


def signal(thing: Any) -> str:
    """The name under which some module knows the signal; a signal itself has none."""
    modules = [module for module in list(sys.modules.values()) if module is not None]
    # Django's own names are known to everybody; those of a project may be aliases.
    modules.sort(key=lambda module: not getattr(module, "__name__", "").startswith("django."))
    for module in modules:
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is thing:
                return str(name)
    return UNNAMED


def query(sql: Any) -> str:
    """`SELECT auth_user`: the verb and the first table, nothing that could be a value."""
    text = _ASIDE.sub("", str(sql))
    verb = _VERB.match(text)
    table = _TABLE.search(text)
    parts = [verb.group(1).upper() if verb else "SQL"]
    if table:
        parts.append(re.sub(r"[\"`\[\]]", "", table.group(1)))
    return " ".join(parts)
