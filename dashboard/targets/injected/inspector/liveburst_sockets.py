"""Walks the websocket routes of a Channels application; part of the inspector.

Standard library and the project's own Channels, Python 3.9. No consumer is called.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from liveburst_routes import joined, parameters
from liveburst_views import application_of, is_own, source_of

MOST_WRAPPERS = 20
WRAPPED = ("inner", "application", "app")  # middleware's attributes for what it wraps


def sockets_of(name: str | None) -> list[dict[str, Any]]:
    """Return the websocket routes of the ASGI application with this import string."""
    module, _, attribute = (name or "").partition(":")
    try:
        return sockets(getattr(import_module(module), attribute))
    except Exception:  # a project's module may raise anything: no websockets are shown then
        return []


def sockets(application: Any) -> list[dict[str, Any]]:
    """Return each websocket route of an ASGI application, as plain values."""
    router, _ = unwrapped(application, "application_mapping")
    mapping = getattr(router, "application_mapping", None)
    if not isinstance(mapping, dict) or "websocket" not in mapping:
        return []
    return list(below(mapping["websocket"], "/", False, False))


def below(application: Any, prefix: str, is_regex: bool, checks_origin: bool) -> Any:
    """Yield the routes below a `URLRouter`, through whatever is wrapped around it."""
    router, checks_here = unwrapped(application, "routes")
    for route in getattr(router, "routes", ()):
        path, has_regex = joined(prefix, route.pattern)
        inner = getattr(route, "callback", None)
        inside, checks_inside = unwrapped(inner, "routes")
        origin = checks_origin or checks_here or checks_inside
        if hasattr(inside, "routes"):
            yield from below(inside, path, is_regex or has_regex, origin)
        else:
            yield {
                "path": path,
                "regex": is_regex or has_regex,
                "parameters": parameters(path),
                "checks_origin": origin,
                **about(inner),
            }


def unwrapped(application: Any, wanted: str) -> tuple[Any, bool]:
    """Return what has the attribute `wanted`, below middleware, and whether Origin is checked."""
    checks_origin = False
    for _ in range(MOST_WRAPPERS):
        if hasattr(application, wanted):
            break
        checks_origin |= hasattr(application, "allowed_origins")
        inner = [getattr(application, name) for name in WRAPPED if hasattr(application, name)]
        if not inner:
            break
        application = inner[0]
    return application, checks_origin


def about(application: Any) -> dict[str, Any]:
    """Return what is known of a consumer, or of another application at a route."""
    inside, _ = unwrapped(application, "consumer_class")
    cls = getattr(inside, "consumer_class", None)
    code = cls or inside
    module = str(getattr(code, "__module__", ""))
    sync = cls is not None and any(base.__name__ == "SyncConsumer" for base in cls.__mro__)
    return {
        "view": source_of(code, cls, None) if inspect.isclass(cls) else None,
        "function": str(getattr(code, "__name__", type(code).__name__)),
        "application": application_of(module),
        "own": is_own(module),
        "family": "sync" if sync else "async",
    }
