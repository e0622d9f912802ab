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
WRAPPED = ("inner", "application", "app")  # what middleware calls the application that it wraps


def sockets_of(name: str | None) -> list[dict[str, Any]]:
    """The websocket routes of the ASGI application with this import string; None has none."""
    module, _, attribute = (name or "").partition(":")
    try:
        return sockets(getattr(import_module(module), attribute))
    except Exception:  # whatever a stranger's module raises costs its websockets alone
        return []


def sockets(application: Any) -> list[dict[str, Any]]:
    """Each websocket route of an ASGI application, as plain values; empty where none is seen."""
    router, _ = unwrapped(application, "application_mapping")
    mapping = getattr(router, "application_mapping", None)
    if not isinstance(mapping, dict) or "websocket" not in mapping:
        return []
    return list(below(mapping["websocket"], "/", False, False))


def below(application: Any, prefix: str, is_regex: bool, checks_origin: bool) -> Any:
    """The routes below a `URLRouter`, through whatever is wrapped around it."""
    router, checked = unwrapped(application, "routes")
    for route in getattr(router, "routes", ()):
        path, odd = joined(prefix, route.pattern)
        inner = getattr(route, "callback", None)
        inside, also = unwrapped(inner, "routes")
        origin = checks_origin or checked or also
        if hasattr(inside, "routes"):
            yield from below(inside, path, is_regex or odd, origin)
        else:
            yield {
                "path": path,
                "regex": is_regex or odd,
                "parameters": parameters(path),
                "checks_origin": origin,
                **about(inner),
            }


def unwrapped(application: Any, wanted: str) -> tuple[Any, bool]:
    """What has the attribute `wanted`, below middleware, and whether an Origin is asked for."""
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
    """What can be told of a consumer, or of whatever application stands at a route."""
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
