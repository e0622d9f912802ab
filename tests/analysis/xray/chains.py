"""Traces of one request below two middlewares, as the traced process writes them."""

from __future__ import annotations

from typing import Any

from dashboard.analysis.xray.trace import Xray, read_trace
from tests.analysis.xray.test_trace import LOOP, WORKER, Row, trace_of

SESSIONS, OWN = "django.contrib.sessions.middleware.SessionMiddleware", "shop.middleware.own"
BOTH = {"sync_capable": True, "async_capable": True}
ASYNC = {**BOTH, "runs_async": True}
SYNC = {**BOTH, "runs_async": False}
SYNC_ONLY = {"sync_capable": True, "async_capable": False, "runs_async": False}
NATIVE = {"sync_capable": False, "async_capable": True, "runs_async": True}


def traced(*rows: tuple[Row, str, dict[str, Any]]) -> Xray:
    """A trace of these spans, each with its name and its further keys."""
    trace = trace_of(*(row for row, _, _ in rows))
    for span, (_, name, extra) in zip(trace["spans"], rows, strict=True):
        span.update(extra, name=name)
    return read_trace(trace)


def sync_lane(query: str = "SELECT book") -> Xray:
    """Under WSGI: everything on one thread, 10 ms."""
    return traced(
        (("request", None, WORKER, 0, 10), "GET /sync/", {}),
        (("middleware", 0, WORKER, 1, 9), "SessionMiddleware", {"path": SESSIONS, **SYNC}),
        (("stage", 1, WORKER, 1, 2), "SessionMiddleware.process_request", {"path": SESSIONS}),
        (
            ("handler", 1, WORKER, 3, 8),
            "WSGIHandler._get_response",
            {"sync_capable": True, "async_capable": False, "runs_async": False},
        ),
        (("view", 3, WORKER, 4, 7), "shop.views.sync", {}),
        (("query", 4, WORKER, 5, 6), query, {}),
    )


def async_lane() -> Xray:
    """Under ASGI: a hop to the stage and one to the query, a started thread, 14 ms."""
    return traced(
        (("request", None, LOOP, 0, 14), "GET /async/", {}),
        (("middleware", 0, LOOP, 1, 13), "SessionMiddleware", {"path": SESSIONS, **ASYNC}),
        (("sync_to_async", 1, LOOP, 1, 4), "SessionMiddleware.process_request", {}),
        (("thread", 2, LOOP, 1, 2), "worker", {}),
        (("stage", 2, WORKER, 2, 3), "SessionMiddleware.process_request", {"path": SESSIONS}),
        (("handler", 1, LOOP, 5, 12), "ASGIHandler._get_response_async", NATIVE),
        (("view", 5, LOOP, 6, 11), "shop.views.async_", {}),
        (("sync_to_async", 6, LOOP, 7, 10), "QuerySet.get", {}),
        (("work", 7, WORKER, 8, 9.5), "QuerySet.get", {}),
        (("query", 8, WORKER, 8, 9), "SELECT book", {}),
    )


def sync_only_last() -> Xray:
    """Under ASGI with a sync-only middleware below: the one above it runs as sync code, too."""
    return traced(
        (("request", None, LOOP, 0, 10), "GET /async/", {}),
        (("sync_to_async", 0, LOOP, 1, 9), "SessionMiddleware", {}),
        (("middleware", 1, WORKER, 2, 8), "SessionMiddleware", {"path": SESSIONS, **SYNC}),
        (("middleware", 2, WORKER, 2.5, 7.5), "own.middleware", {"path": OWN, **SYNC_ONLY}),
        (("async_to_sync", 3, WORKER, 3, 7), "ASGIHandler._get_response_async", {}),
        (("work", 4, LOOP, 4, 6), "ASGIHandler._get_response_async", {}),
        (("handler", 5, LOOP, 4, 6), "ASGIHandler._get_response_async", NATIVE),
        (("view", 6, LOOP, 4.5, 5.5), "shop.views.async_", {}),
    )
