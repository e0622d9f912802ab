"""Records what Django does in a request: signals, middleware, views, queries and templates.

Part of the X-ray. Standard library alone, Python 3.9; Django's modules are passed in.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from types import MethodType
from typing import Any

from liveburst_xray_spans import Recorded, spanned
from liveburst_xray_trace import Span, current_span

STAGES = (
    "process_request",
    "process_view",
    "process_exception",
    "process_template_response",
    "process_response",
)


def is_async(function: Any) -> bool:
    """Return True for what Django takes for a coroutine function, class-based views included."""
    return bool(importlib.import_module("asgiref.sync").iscoroutinefunction(function))


def trace_signals(dispatch: Any) -> None:
    """Record signals that have receivers, and each receiver."""
    signal = dispatch.Signal
    for name in ("send", "send_robust", "asend", "asend_robust"):
        if hasattr(signal, name):
            setattr(signal, name, sending(getattr(signal, name)))
    live_receivers = signal._live_receivers  # noqa: SLF001 - there is no public way to them

    @functools.wraps(live_receivers)
    def recorded(self: Any, sender: Any) -> Any:
        receivers = live_receivers(self, sender)
        current = current_span()
        if current is None or current.kind != "signal":
            return receivers
        if isinstance(receivers, tuple):  # since Django 5.0: the sync and the async ones
            return tuple(recorded_receivers(part, current) for part in receivers)
        return recorded_receivers(receivers, current)

    signal._live_receivers = recorded  # noqa: SLF001


def sending(send: Callable[..., Any]) -> Callable[..., Any]:
    """Return a signal's method that sends, recorded if the signal has receivers."""
    if inspect.iscoroutinefunction(send):

        @functools.wraps(send)
        async def asend(self: Any, sender: Any, **named: Any) -> Any:
            if current_span() is None or not self.has_listeners(sender):
                return await send(self, sender, **named)
            with Recorded("signal", self):
                return await send(self, sender, **named)

        return asend

    @functools.wraps(send)
    def recorded(self: Any, sender: Any, **named: Any) -> Any:
        if current_span() is None or not self.has_listeners(sender):
            return send(self, sender, **named)
        with Recorded("signal", self):
            return send(self, sender, **named)

    return recorded


def recorded_receivers(receivers: list[Any], signal: Span) -> list[Any]:
    """Return the same receivers, recorded below the signal's span.

    Async ones run at the same time and, since Django 6, in one context: the current span there
    may be another receiver's.
    """
    return [
        spanned(
            "receiver",
            receiver,
            receiver,
            is_async(receiver),
            signal if is_async(receiver) else None,
        )
        for receiver in receivers
    ]


def trace_middleware(base: Any) -> None:
    """Record each middleware as a whole, its stages, and the handler, as Django chains them.

    The span of a middleware has its `path` in MIDDLEWARE. Both kinds have whether sync and async
    code can call it (`sync_capable`, `async_capable`) and whether it is a coroutine (`runs_async`).
    """
    find, convert = base.import_string, base.convert_exception_to_response
    made: dict[int, tuple[Any, dict[str, Any]]] = {}  # kept with it, so that its id is not reused

    def import_string(path: str) -> Any:
        middleware = find(path)
        capable = capabilities(middleware)

        def make(get_response: Any) -> Any:
            instance = with_stages(middleware(get_response), path)
            made[id(instance)] = instance, {"path": path, **capable}
            return instance

        make.__dict__.update(capable)  # Django reads them
        return make

    def convert_exception_to_response(get_response: Any) -> Any:
        handler = convert(get_response)
        mode = is_async(handler)
        if isinstance(getattr(get_response, "__self__", None), base.BaseHandler):
            # The innermost part of the chain, which calls the view.
            extra: dict[str, Any] = {"sync_capable": not mode, "async_capable": mode}
            return spanned("handler", handler, get_response, mode, runs_async=mode, **extra)
        _, extra = made.get(id(get_response), (None, {}))
        return spanned("middleware", handler, get_response, mode, runs_async=mode, **extra)

    base.import_string = import_string
    base.convert_exception_to_response = convert_exception_to_response


def capabilities(middleware: Any) -> dict[str, bool]:
    """Return whether sync and async code can call a middleware, as Django reads it of a factory."""
    return {
        "sync_capable": bool(getattr(middleware, "sync_capable", True)),
        "async_capable": bool(getattr(middleware, "async_capable", False)),
    }


def with_stages(middleware: Any, path: str) -> Any:
    """Return the same middleware object, with its `process_…` methods recorded."""
    for name in STAGES:
        method = getattr(middleware, name, None)
        if not callable(method):
            continue
        stage = spanned("stage", dropping_self(method), method, is_async(method), path=path)
        try:
            # A bound method: Django reads its `__self__`.
            setattr(middleware, name, MethodType(stage, middleware))
        except AttributeError:
            continue  # it has slots; its whole is recorded all the same
    return middleware


def dropping_self(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of the object and its arguments, for a method that is bound already."""

    @functools.wraps(method)
    def call(_: Any, *args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return call


def trace_views(base: Any) -> None:
    """Record the view, in its own thread: both handlers call `make_view_atomic` once."""
    make = base.BaseHandler.make_view_atomic

    @functools.wraps(make)
    def make_view_atomic(self: Any, view: Any) -> Any:
        atomic = make(self, view)
        return spanned("view", atomic, view, is_async(atomic))

    # The probe then does not stamp it: its stamps would come between the hop and the view.
    make_view_atomic.liveburst = True  # type: ignore[attr-defined]
    base.BaseHandler.make_view_atomic = make_view_atomic


def trace_queries(utils: Any) -> None:
    """Record every statement that a cursor of Django's executes, without its parameters."""
    for name in ("execute", "executemany", "callproc"):
        record(utils.CursorWrapper, name, "query", lambda args: args[1] if len(args) > 1 else "")


def trace_connections(base: Any) -> None:
    """Record each connection to a database that is opened."""
    record(base.BaseDatabaseWrapper, "connect", "connect", lambda args: f"{args[0].alias}")


def trace_templates(base: Any) -> None:
    """Record each rendering of a template of Django's own language."""
    record(base.Template, "render", "template", lambda args: f"{args[0].name or 'a string'}")


def record(owner: Any, name: str, kind: str, subject: Callable[[tuple[Any, ...]], Any]) -> None:
    """Record each call of a sync method; `subject` returns what its arguments are about."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        with Recorded(kind, subject(args)):
            return method(*args, **kwargs)

    setattr(owner, name, recorded)
