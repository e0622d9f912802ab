"""Names what the X-ray recorded. Runs when the trace is over, so that it costs the trace no time.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import functools
import re
import sys
from typing import Any

MOST_CHARACTERS = 120
UNNAMED = "?"

# What a query contains besides its own words: strings (which may hold anything) and comments.
_ASIDE = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_TABLE = re.compile(
    r"\b(?:FROM|INTO|UPDATE|TABLE|JOIN)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?([\w.\"`\[\]]+)",
    re.IGNORECASE,
)
_VERB = re.compile(r"\s*(?:\(\s*)*([A-Za-z]+)")


def name_of(kind: str, subject: Any) -> str:
    """Return a span's name: of a callable, a signal, a query (verb and table), or a text itself."""
    if kind == "query":
        name = query_name(subject)
    elif kind == "signal":
        name = signal_name(subject)
    elif kind == "view":
        module = getattr(unwrapped(subject), "__module__", UNNAMED)
        name = f"{module}.{callable_name(subject)}"
    else:
        name = subject if isinstance(subject, str) else callable_name(subject)
    return name[:MOST_CHARACTERS]


def unwrapped(subject: Any) -> Any:
    """Return the function of a partial; any other object unchanged."""
    while isinstance(subject, functools.partial):
        subject = subject.func
    return subject


def callable_name(subject: Any) -> str:
    """Return `SecurityMiddleware.process_request`, `build.inner`; of a callable object, its class.

    A method is named by the class of its object, not by the class that defines it.
    """
    subject = unwrapped(subject)
    owner = getattr(subject, "__self__", None)
    name = getattr(subject, "__name__", None)
    if owner is not None and name and hasattr(subject, "__func__"):
        return f"{(owner if isinstance(owner, type) else type(owner)).__qualname__}.{name}"
    qualified = getattr(subject, "__qualname__", None) or type(subject).__qualname__
    return str(qualified).replace("<locals>.", "")


def signal_name(subject: Any) -> str:
    """Return the name that a module has for the signal; a signal itself has none."""
    modules = [module for module in list(sys.modules.values()) if module is not None]
    # Django's own names are well known; those of a project may be aliases.
    modules.sort(key=lambda module: not getattr(module, "__name__", "").startswith("django."))
    for module in modules:
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is subject:
                return str(name)
    return UNNAMED


def query_name(sql: Any) -> str:
    """Return `SELECT auth_user`: the verb and the first table, nothing that could be a value."""
    text = _ASIDE.sub("", str(sql))
    verb = _VERB.match(text)
    table = _TABLE.search(text)
    parts = [verb.group(1).upper() if verb else "SQL"]
    if table:
        parts.append(re.sub(r"[\"`\[\]]", "", table.group(1)))
    return " ".join(parts)
