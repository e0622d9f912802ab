"""Looks below decorators for the code that a person wrote; part of the inspector.

Standard library and the project's own Django, Python 3.9. It calls no view.
"""

from __future__ import annotations

import functools
import inspect
from contextlib import suppress
from typing import Any

MOST_LAYERS = 50
# What decorators call the view that they close over, and what a view calls its request.
WRAPPED_NAMES = (
    *("view_func", "view", "viewfunc", "func", "fn", "f", "function", "wrapped", "handler"),
    *("method", "callback", "original", "inner"),
)
REQUEST_NAMES = {"request", "req", "_request", "http_request", "self"}


def layers(view: Any) -> Any:
    """A callable and each function below it, outermost first.

    Follows `functools.partial`, `__wrapped__`, `method_decorator`, and, where a decorator
    sets no `__wrapped__`, the function that its closure holds.
    """
    met: set[int] = set()
    waiting = [view]
    while waiting and len(met) < MOST_LAYERS:
        layer = waiting.pop(0)
        if id(layer) in met:
            continue
        met.add(id(layer))
        yield layer
        waiting.extend(below(layer))


def innermost(view: Any) -> Any:
    """The callable that no decorator made: the end of the chain of `layers`."""
    met: set[int] = set()
    while id(view) not in met:
        met.add(id(view))
        inner = below(view)
        if inner:
            view = inner[-1]
    return view


def below(layer: Any) -> list[Any]:
    """What one layer wraps, the view last; empty where it is the innermost."""
    if isinstance(layer, functools.partial):
        return [layer.func]
    held = closure(layer)
    if isinstance(held.get("decorators"), (list, tuple)) and callable(held.get("method")):
        return [*map(applied, held["decorators"]), held["method"]]
    wrapped = getattr(layer, "__wrapped__", None)
    if wrapped is not None:
        return [wrapped]
    return in_closure(held)


def applied(decorator: Any) -> Any:
    """A decorator of `method_decorator` on a function that does nothing, as Django applies it."""

    def nothing(request: Any) -> None:
        return None

    try:
        return decorator(nothing)
    except Exception:  # whatever a stranger's decorator raises
        return nothing


def in_closure(held: dict[str, Any]) -> list[Any]:
    """The one callable among a closure's variables that looks like a view; else none."""
    callables = {
        name: value
        for name, value in held.items()
        if inspect.isroutine(value) or isinstance(value, functools.partial)
    }
    named = [callables[name] for name in WRAPPED_NAMES if name in callables]
    found = named or [value for value in callables.values() if takes_request(value)]
    return found[:1]


def takes_request(function: Any) -> bool:
    """Whether its first parameter is called as that of a view is."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return False
    return bool(names) and names[0] in REQUEST_NAMES


def closure(function: Any) -> dict[str, Any]:
    """The variables that a function closes over, by name; those not yet bound are left out."""
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    found = {}
    for name, cell in zip(names, getattr(function, "__closure__", None) or ()):
        with suppress(ValueError):
            found[name] = cell.cell_contents
    return found
