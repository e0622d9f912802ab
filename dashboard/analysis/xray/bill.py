"""The middleware's bill: what each middleware of a traced request costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from dashboard.wire.codec import JsonObject
from dashboard.wire.traces.xray import CalledBy, MiddlewareJson, RanAs
from dashboard.wire.units import NS_PER_MS

from .parts import MIDDLEWARE, Cost, chain, costs
from .trace import Mode, Span, Xray

_UNKNOWN = Mode(sync_capable=True, async_capable=False, runs_async=False)  # Django's own default


@dataclass(frozen=True)
class MiddlewareCost(JsonObject):
    """One entry of MIDDLEWARE: what can call it, how it ran, and what it cost.

    `own_ns` is the time in it and in no other middleware or the view, in each traced request.
    """

    path: str
    name: str
    mode: Mode
    cost: Cost
    own_ns: tuple[int, ...]

    @property
    def kind(self) -> CalledBy:
        """What can call it."""
        if not self.mode.async_capable:
            return "sync only"
        return "sync and async" if self.mode.sync_capable else "async only"

    @property
    def ran_as(self) -> RanAs:
        """How it was called in this chain."""
        return "async" if self.mode.runs_async else "sync"

    @property
    def own_ms(self) -> float:
        """The median of the time in it (ms)."""
        return median(self.own_ns) / NS_PER_MS

    def to_json(self) -> MiddlewareJson:
        """Return the JSON object specified in docs/commands.md."""
        return {
            "path": self.path,
            "name": self.name,
            "kind": self.kind,
            "ran_as": self.ran_as,
            "hops": self.cost.hops,
            "threads_started": self.cost.threads,
            "queries": self.cost.queries,
            "own_ms": self.own_ms,
            "n": len(self.own_ns),
        }


def middleware_bill(xray: Xray, others: Iterable[Xray] = ()) -> tuple[MiddlewareCost, ...]:
    """Return the costs of a request's middleware, outermost first.

    Counts are those of `xray`, the time is also that in `others`: the same request, traced again.
    """
    all_costs = [_by_path(traced) for traced in (xray, *others)]
    spans = {span.path: span for span in chain(xray) if span.path}
    names = short_names(list(spans))
    return tuple(_entry(span, names[path], all_costs) for path, span in spans.items())


def _by_path(xray: Xray) -> dict[str, Cost]:
    """Return the cost of each middleware, with that of its queries and of all else below it."""
    found: dict[str, Cost] = {}
    for part, cost in costs(xray).items():
        if part[0] == MIDDLEWARE:
            found[part[1]] = found.get(part[1], Cost()) + cost
    return found


def _entry(span: Span, name: str, all_costs: Sequence[dict[str, Cost]]) -> MiddlewareCost:
    found = [each[span.path] for each in all_costs if span.path in each]
    own_ns = tuple(cost.own_ns for cost in found)
    return MiddlewareCost(span.path, name, span.mode or _UNKNOWN, found[0], own_ns)


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """Return the last part of each path, or all of it where several have the same last part."""
    ends = {path: path.rpartition(".")[2] for path in paths}
    number = Counter(ends.values())
    return {path: end if number[end] == 1 else path for path, end in ends.items()}
