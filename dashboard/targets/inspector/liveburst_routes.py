"""Walks the routes of a Django project; part of the inspector, in the project's own interpreter.

Standard library and the project's own Django, Python 3.9. It calls no view.
"""

from __future__ import annotations

import inspect
import re
from contextlib import suppress
from typing import Any

METHODS_THAT_READ = {"GET", "HEAD"}
# A route of which only `{name}` and literal text is made.
CONVERTER = re.compile(r"<(?:(?P<kind>[^>:]+):)?(?P<name>[^>]+)>")
LITERAL_REGEX = re.compile(r"\^?[\w/.-]*\$?")
SERVES_FILES = {"django.views.static", "django.contrib.staticfiles.views"}


def routes(resolver: Any, prefix: str, namespace: str) -> Any:
    """Each route below a resolver, as plain values."""
    for entry in resolver.url_patterns:
        path = joined(prefix, entry.pattern)
        if hasattr(entry, "url_patterns"):
            inner = ":".join(filter(None, [namespace, entry.namespace]))
            yield from routes(entry, path, inner)
        else:
            yield {
                "path": path,
                "namespace": namespace,
                "parameters": [
                    {"name": match["name"], "kind": match["kind"] or "str"}
                    for match in CONVERTER.finditer(path)
                ],
                **about(entry.callback),
            }


def joined(prefix: str, pattern: Any) -> str:
    """The path so far. A part that is a regular expression and no plain text is kept as it is."""
    text = str(pattern)
    if type(pattern).__name__ == "RegexPattern" and LITERAL_REGEX.fullmatch(text):
        text = text.lstrip("^").rstrip("$")
    elif type(pattern).__name__ == "RegexPattern":
        text = f"({text})"
    return prefix + text


def about(view: Any) -> dict[str, Any]:
    """What can be told of a view without calling it."""
    cls = getattr(view, "view_class", None)
    inner = inspect.unwrap(view)
    plain = cls or inner
    return {
        "view": source_of(plain),
        "function": getattr(plain, "__name__", type(plain).__name__),
        "family": "async" if is_async(view, cls) else "sync",
        "reads": reads(view, cls),
        "files": getattr(plain, "__module__", "") in SERVES_FILES,
        "login": wants_login(view, cls),
    }


def source_of(plain: Any) -> str | None:
    """`module:name`, where that leads to the view's code."""
    name = getattr(plain, "__qualname__", "")
    return f"{plain.__module__}:{name}" if re.fullmatch(r"[A-Za-z_][\w.]*", name) else None


def is_async(view: Any, cls: Any) -> bool:
    """Whether Django would await this view."""
    if cls is not None:
        return bool(getattr(cls, "view_is_async", False))
    marked = getattr(view, "_is_coroutine", None) or getattr(view, "_is_coroutine_mark", None)
    return inspect.iscoroutinefunction(view) or marked is not None


def reads(view: Any, cls: Any) -> bool:
    """Whether it answers GET, as far as its class or `require_http_methods` says."""
    if cls is not None:
        return "get" in cls.http_method_names and hasattr(cls, "get")
    for layer in layers(view):
        allowed = closure(layer).get("request_method_list")
        if allowed is not None:
            return bool(METHODS_THAT_READ & set(allowed))
    return True


def wants_login(view: Any, cls: Any) -> bool:
    """Whether `login_required`, `user_passes_test` or one of Django's mixins stands before it."""
    if cls is not None:
        return any(base.__name__ == "AccessMixin" for base in cls.__mro__)
    return any("test_func" in closure(layer) for layer in layers(view))


def layers(view: Any) -> Any:
    """A decorated view and each function that it wraps."""
    while view is not None:
        yield view
        view = getattr(view, "__wrapped__", None)


def closure(function: Any) -> dict[str, Any]:
    """The variables that a function closes over, by name; those not yet bound are left out."""
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    found = {}
    for name, cell in zip(names, getattr(function, "__closure__", None) or ()):
        with suppress(ValueError):
            found[name] = cell.cell_contents
    return found
