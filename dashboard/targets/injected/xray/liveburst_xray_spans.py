"""Records blocks and calls as spans of the traced request; part of the X-ray.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from liveburst_xray_trace import CURRENT_SPAN, Span

MARK = "liveburst_xray"  # on a function that `spanned` made: itself, as decorators copy marks


class Recorded:
    """Records a block as a span below `parent`, or else below the current one.

    The value of the block is the span; None if no request is traced. `extra` are further keys of
    the span in the trace.
    """

    def __init__(
        self,
        kind: str,
        subject: Any,
        parent: Span | None = None,
        extra: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.kind = kind
        self.subject = subject
        self.parent = parent
        self.extra = extra
        self.span: Span | None = None

    def __enter__(self) -> Span | None:
        self.before = CURRENT_SPAN.get()
        parent = self.parent or self.before
        if parent is not None and not parent.trace.over:
            self.span = parent.trace.open(self.kind, self.subject, parent)
            self.span.extra.update(self.extra)
            CURRENT_SPAN.set(self.span)
        return self.span

    def __exit__(self, *exc_info: object) -> None:
        if self.span is not None:
            self.span.end()
            # No token: asgiref copies variables from thread to thread, which a token forbids.
            CURRENT_SPAN.set(self.before)


def spanned(
    kind: str,
    function: Callable[..., Any],
    subject: Any,
    is_async: bool,
    parent: Span | None = None,
    **extra: Any,
) -> Any:
    """Return the function so that each call of it is a span; `extra` are further keys of it."""

    @functools.wraps(function)
    def sync_span(*args: Any, **kwargs: Any) -> Any:
        with Recorded(kind, subject, parent, extra):
            return function(*args, **kwargs)

    @functools.wraps(function)
    async def async_span(*args: Any, **kwargs: Any) -> Any:
        with Recorded(kind, subject, parent, extra):
            return await function(*args, **kwargs)

    recorded = async_span if is_async else sync_span
    setattr(recorded, MARK, recorded)
    return recorded


def records_itself(function: Callable[..., Any]) -> bool:
    """Return True if `spanned` made this function, or the function of this method."""
    plain = getattr(function, "__func__", function)
    return getattr(plain, MARK, None) is plain


def work_of(hop: Span, function: Callable[..., Any], subject: Any = None) -> Callable[..., Any]:
    """Return the sync work of a thread hop so that it is recorded on the thread that runs it."""
    if records_itself(function):
        return with_current(hop, function)

    def work(*args: Any, **kwargs: Any) -> Any:
        with Recorded("work", subject or function, hop):
            return function(*args, **kwargs)

    return work


def with_current(span: Span, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function so that it runs with this current span, which threads do not inherit."""

    def call(*args: Any, **kwargs: Any) -> Any:
        before = CURRENT_SPAN.get()
        CURRENT_SPAN.set(span)
        try:
            return function(*args, **kwargs)
        finally:
            CURRENT_SPAN.set(before)

    return call
