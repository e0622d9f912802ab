"""Walks the routes of a Django project; part of the inspector, in the project's own interpreter.

Standard library and the project's own Django, Python 3.9. It calls no view. Views are described by
`liveburst_views.py`.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from liveburst_views import about

CONVERTER = re.compile(r"<(?:(?P<kind>[^>:]+):)?(?P<name>[^>]+)>")
NAMED_GROUP = re.compile(r"\(\?P<(\w+)>")
ESCAPED = re.compile(r"\\([^A-Za-z0-9])")
LOGIN_MIDDLEWARE = "django.contrib.auth.middleware.LoginRequiredMiddleware"


def routes(resolver: Any, prefix: str = "/", namespace: str = "") -> Any:
    """Yield each route below a resolver, as plain values."""
    locked = LOGIN_MIDDLEWARE in import_module("django.conf").settings.MIDDLEWARE
    numbers: dict[Any, int] = {}
    for path, is_regex, inside, entry in entries(resolver, prefix, False, namespace):
        identity = (id(entry.callback), repr(sorted((entry.default_args or {}).items())))
        route = {
            "path": path,
            "regex": is_regex,
            "namespace": inside,
            "name": entry.name if isinstance(entry.name, str) else None,
            "callable_id": numbers.setdefault(identity, len(numbers)),
            "parameters": parameters(path),
            **described(entry.callback),
        }
        route["login"] |= locked and getattr(entry.callback, "login_required", True)
        yield route


def entries(resolver: Any, prefix: str, is_regex: bool, namespace: str) -> Any:
    """Yield each leaf below a resolver: path, whether it has a regular expression, namespace."""
    for entry in resolver.url_patterns:
        path, has_regex = joined(prefix, entry.pattern)
        if hasattr(entry, "url_patterns"):
            own = entry.app_name or entry.namespace
            inner = ":".join(filter(None, [namespace, own]))
            yield from entries(entry, path, is_regex or has_regex, inner)
        else:
            yield path, is_regex or has_regex, namespace, entry


def described(view: Any) -> dict[str, Any]:
    """Return what is known of a view; the least if it cannot be inspected."""
    try:
        return about(view)
    except Exception:  # a project's descriptors and properties may raise anything
        module = str(getattr(view, "__module__", ""))
        return {
            "view": None,
            "module": module,
            "function": str(getattr(view, "__name__", type(view).__name__)),
            "application": module.partition(".")[0],
            "own": False,
            "family": "sync",
            "reads": True,
            "methods": None,
            "files": False,
            "login": False,
        }


def parameters(path: str) -> list[dict[str, str]]:
    """Return the parameters of a path."""
    matches = CONVERTER.finditer(path)
    return [{"name": match["name"], "kind": match["kind"] or "str"} for match in matches]


def joined(prefix: str, pattern: Any) -> tuple[str, bool]:
    """Return the path with this pattern, and True if it is an unconverted regular expression."""
    text = str(pattern)
    if type(pattern).__name__ != "RegexPattern":
        return prefix + text, False
    plain = simplified(text)
    return (f"{prefix}({text})", True) if plain is None else (prefix + plain, False)


def simplified(regex: str) -> str | None:
    """Return a regular expression in the syntax of `path()`; None if it means more than that.

    `^users/(?P<pk>[^/.]+)/$` is `users/<pk>/`, and an optional slash is included.
    """
    text = re.sub(r"^\^|(\$|\\Z)$", "", regex)
    parts = []
    while group := NAMED_GROUP.search(text):
        end = closing(text, group.start())
        parts += [text[: group.start()], f"<{group[1]}>"]
        text = text[end:]
    parts.append(text)
    literals = [re.sub(r"/\?$", "/", part) for part in parts[::2]]
    if any(re.search(r"[\\^$*+?()\[\]{}|]", ESCAPED.sub("", part)) for part in literals):
        return None
    parts[::2] = [ESCAPED.sub(r"\1", part) for part in literals]
    return "".join(parts)


def closing(text: str, start: int) -> int:
    """Return the index behind the group that begins at `start`."""
    depth, position = 0, start
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] in "()":
            depth += 1 if text[position] == "(" else -1
            if depth == 0:
                return position + 1
        position += 1
    return len(text)
