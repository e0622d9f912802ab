"""Walks the routes of a Django project; part of the inspector, in the project's own interpreter.

Standard library and the project's own Django, Python 3.9. It calls no view. What is told of each
view is found by `liveburst_views.py`.
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
    """Each route below a resolver, as plain values."""
    locked = LOGIN_MIDDLEWARE in import_module("django.conf").settings.MIDDLEWARE
    numbers: dict[Any, int] = {}
    for path, is_regex, inside, entry in entries(resolver, prefix, False, namespace):
        same = (id(entry.callback), repr(sorted((entry.default_args or {}).items())))
        found = {
            "path": path,
            "regex": is_regex,
            "namespace": inside,
            "name": entry.name if isinstance(entry.name, str) else None,
            "callable_id": numbers.setdefault(same, len(numbers)),
            "parameters": parameters(path),
            **told(entry.callback),
        }
        found["login"] |= locked and getattr(entry.callback, "login_required", True)
        yield found


def entries(resolver: Any, prefix: str, is_regex: bool, namespace: str) -> Any:
    """Each leaf below a resolver: its path, whether a regular expression is in it, and whose."""
    for entry in resolver.url_patterns:
        path, odd = joined(prefix, entry.pattern)
        if hasattr(entry, "url_patterns"):
            own = entry.app_name or entry.namespace
            inner = ":".join(filter(None, [namespace, own]))
            yield from entries(entry, path, is_regex or odd, inner)
        else:
            yield path, is_regex or odd, namespace, entry


def told(view: Any) -> dict[str, Any]:
    """What is known of a view. One that cannot be looked into costs no other route its place."""
    try:
        return about(view)
    except Exception:  # whatever a stranger's descriptors and properties raise
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
    """The values that a path needs."""
    found = CONVERTER.finditer(path)
    return [{"name": match["name"], "kind": match["kind"] or "str"} for match in found]


def joined(prefix: str, pattern: Any) -> tuple[str, bool]:
    """The path so far, and whether this part is a regular expression that is kept as it is."""
    text = str(pattern)
    if type(pattern).__name__ != "RegexPattern":
        return prefix + text, False
    plain = simplified(text)
    return (f"{prefix}({text})", True) if plain is None else (prefix + plain, False)


def simplified(regex: str) -> str | None:
    """A regular expression as `path()` would say it; None where it says more than that.

    `^users/(?P<pk>[^/.]+)/$` is `users/<pk>/`, and a slash that may be left out is there.
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
    """Where the group that begins at `start` is over."""
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
