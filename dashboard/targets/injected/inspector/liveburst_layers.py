"""Looks below decorators for the view as it was written; part of the inspector.

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
    """Yield a callable and each function below it, outermost first.

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
    """Return the callable that no decorator made: the end of the chain of `layers`."""
    met: set[int] = set()
    while id(view) not in met:
        met.add(id(view))
        inner = below(view)
        if inner:
            view = inner[-1]
    return view


def below(layer: Any) -> list[Any]:
    """Return what one layer wraps, the view last; empty for the innermost."""
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
    """Return a function that does nothing with a decorator of `method_decorator` applied."""

    def nothing(request: Any) -> None:
        return None

    try:
        return decorator(nothing)
    except Exception:  # a project's decorator may raise anything
        return nothing


def in_closure(held: dict[str, Any]) -> list[Any]:
    """Return the one callable among a closure's variables that looks like a view; else none."""
    callables = {
        name: value
        for name, value in held.items()
        if inspect.isroutine(value) or isinstance(value, functools.partial)
    }
    named = [callables[name] for name in WRAPPED_NAMES if name in callables]
    views = named or [value for value in callables.values() if takes_request(value)]
    return views[:1]


def takes_request(function: Any) -> bool:
    """Return True if its first parameter has a name that views give their request."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return False
    return bool(names) and names[0] in REQUEST_NAMES


def closure(function: Any) -> dict[str, Any]:
    """Return the variables that a function closes over, by name, without unbound ones."""
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    variables = {}
    for name, cell in zip(names, getattr(function, "__closure__", None) or ()):
        with suppress(ValueError):
            variables[name] = cell.cell_contents
    return variables
