"""The parts of a traced request: Django itself, its signals, each middleware, the view.

A part is named by a path that is the same in every trace, however the request was served: it has
neither threads nor hops, and a middleware is a part of its own wherever it is in the chain.

    ("request",)                                   Django itself
    ("request", "signal request_started")          a signal, and below it its receivers
    ("middleware", "django….SessionMiddleware")    with its stages
    ("view",)                                      with the hop to it
    ("view", "query SELECT auth_user")             what it does, below it

A hop belongs to the part that makes it necessary: to the stage or the view that it leads to, and
else to the part from which it is called. Middleware that Django must call in the other mode than
its handler (`adapt_method_mode`) costs a hop where such a run of the chain begins and one where it
ends. Both belong to the innermost middleware of the run, since it alone cannot run in the
handler's mode; those above it follow, as Django adapts as rarely as it can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .trace import HOPS, QUERY, THREAD, WORK, Span, Xray

Part = tuple[str, ...]
REQUEST: Part = ("request",)
VIEW: Part = ("view",)
MIDDLEWARE = "middleware"  # the kind of its spans, and the first word of its part
STAGE, HANDLER = "stage", "handler"
# Kinds of spans that lead somewhere and are no part: they belong to the part that they lead from.
_WAYS = (*HOPS, THREAD, WORK)


@dataclass(frozen=True)
class Cost:
    """What one part of a request costs: counts, and the time in it and in nothing below it."""

    hops: int = 0
    threads: int = 0
    queries: int = 0
    own_ns: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.hops + other.hops,
            self.threads + other.threads,
            self.queries + other.queries,
            self.own_ns + other.own_ns,
        )

    def __sub__(self, other: Cost) -> Cost:
        return Cost(
            self.hops - other.hops,
            self.threads - other.threads,
            self.queries - other.queries,
            self.own_ns - other.own_ns,
        )

    @property
    def counts(self) -> tuple[int, int, int]:
        """Hops, threads and queries, which are exact."""
        return self.hops, self.threads, self.queries


def costs(xray: Xray) -> dict[Part, Cost]:
    """Return the cost of each part, in the order in which they began.

    Counts add up to those of the request. So does the time, unless things were done in parallel:
    then it is more.
    """
    hops = xray.hop_calls
    own_ns = _own_ns(xray.spans)
    found: dict[Part, Cost] = {}
    for span, part in zip(xray.spans, parts(xray), strict=True):
        cost = Cost(
            hops=int(span.number in hops),
            threads=int(span.kind == THREAD),
            queries=int(span.kind == QUERY),
            own_ns=own_ns[span.number],
        )
        found[part] = found.get(part, Cost()) + cost
    return found


def parts(xray: Xray) -> list[Part]:
    """Return the part that each span belongs to."""
    inner = _first_children(xray.spans)
    culprits = _culprits(xray)
    found: list[Part] = []
    for span in xray.spans:
        parent = REQUEST if span.parent is None else found[span.parent]
        found.append(_part(span, parent, inner, culprits))
    return found


def chain(xray: Xray) -> list[Span]:
    """Return the spans of the middleware that was called, outermost first."""
    return [span for span in xray.spans if span.kind == MIDDLEWARE]


def view_query_ns(xray: Xray) -> int:
    """Return for how long the view had a query in progress (ns)."""
    pairs = zip(xray.spans, parts(xray), strict=True)
    return _covered_ns(
        [
            (span.start_ns, span.end_ns)
            for span, part in pairs
            if span.kind == QUERY and part[: len(VIEW)] == VIEW
        ]
    )


def _part(
    span: Span, parent: Part, inner: Mapping[int, Span], culprits: Mapping[int, Part]
) -> Part:
    if span.kind in ("request", HANDLER):
        return REQUEST
    if span.kind == "view":
        return VIEW
    if span.kind in (MIDDLEWARE, STAGE):
        return _middleware(span)
    if span.kind in HOPS:
        return _led_to(span, parent, inner, culprits)
    if span.kind in _WAYS:
        return parent
    return (*parent, f"{span.kind} {span.name}")


def _led_to(
    call: Span, parent: Part, inner: Mapping[int, Span], culprits: Mapping[int, Part]
) -> Part:
    """Return the part that makes a call necessary whose work may be on another thread."""
    work = inner.get(call.number)
    if work is not None and work.kind == WORK:
        work = inner.get(work.number)
    if work is None:
        return parent
    if work.kind == "view":
        return VIEW
    if work.kind == STAGE:
        return _middleware(work)
    return culprits.get(work.number, parent)


def _middleware(span: Span) -> Part:
    return (MIDDLEWARE, span.path or span.name)


def _culprits(xray: Xray) -> dict[int, Part]:
    """Return, by the middleware that runs in the other mode than the handler, why it does.

    That is the innermost one of its run. A middleware is in no run if it runs in the handler's
    mode.
    """
    handler_is_async = _handler_is_async(xray)
    culprits: dict[int, Part] = {}
    culprit: Part | None = None
    for span in reversed(chain(xray)):
        if span.mode is None or span.mode.runs_async == handler_is_async:
            culprit = None
            continue
        culprit = culprit or _middleware(span)
        culprits[span.number] = culprit
    return culprits


def _handler_is_async(xray: Xray) -> bool:
    """Return the handler's mode; where middleware answered before it, that of the server."""
    for span in xray.spans:
        if span.kind == HANDLER and span.mode is not None:
            return span.mode.runs_async
    return xray.threads[xray.spans[0].thread].loop


def _first_children(spans: Sequence[Span]) -> dict[int, Span]:
    """Return the first span below each span, other than the start of a thread."""
    first: dict[int, Span] = {}
    for span in spans:
        if span.parent is not None and span.kind != THREAD:
            first.setdefault(span.parent, span)
    return first


def _own_ns(spans: Sequence[Span]) -> list[int]:
    """Return how long each span was without any span below it (ns)."""
    below: list[list[tuple[int, int]]] = [[] for _ in spans]
    for span in spans:
        if span.parent is not None:
            parent = spans[span.parent]
            begin, end = max(span.start_ns, parent.start_ns), min(span.end_ns, parent.end_ns)
            if begin < end:
                below[parent.number].append((begin, end))
    return [span.length_ns - _covered_ns(below[span.number]) for span in spans]


def _covered_ns(stretches: list[tuple[int, int]]) -> int:
    """Return the length of the union of some stretches."""
    covered, over = 0, 0
    for begin, end in sorted(stretches):
        covered += max(0, end - max(begin, over))
        over = max(over, end)
    return covered
