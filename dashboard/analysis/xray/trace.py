"""Read the trace of one request: spans on threads, thread hops between them, counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from dashboard.analysis.text.numbers import milliseconds
from dashboard.wire.codec import JsonObject, to_json
from dashboard.wire.plural import counted
from dashboard.wire.report.target_facts import Serialised as SerialisedJson
from dashboard.wire.traces.xray import HopJson, SpanJson, TracedSpan, TraceFile, XrayJson
from dashboard.wire.units import NS_PER_MS

HOPS = ("sync_to_async", "async_to_sync", "to_thread", "executor")
# Kinds of spans: the start of a thread, a database query, what runs on the other side of a hop.
THREAD, QUERY, WORK = "thread", "query", "work"
SERIALISED_SHARE = 0.1  # of the request's length, lost in a queue; less is left out


@dataclass(frozen=True)
class Thread:
    """One thread that worked on the request. `loop`: it ran an event loop."""

    name: str
    loop: bool
    started: bool  # by this request


@dataclass(frozen=True)
class Mode:
    """What can call a middleware or the handler, and whether it is called as a coroutine."""

    sync_capable: bool
    async_capable: bool
    runs_async: bool


@dataclass(frozen=True)
class Span:
    """Something that the request did. `thread` is a position in `Xray.threads`.

    `parent` is a position in `Xray.spans`, None for the request itself, and `depth` is the number
    of ancestors. Instants count from the start of the request. A span that was not over when the
    request was is cut there, and not `finished`. Spans of a middleware and of its stages have its
    `path` in MIDDLEWARE, and a middleware as a whole and the handler have a `mode`.
    """

    number: int
    parent: int | None
    depth: int
    kind: str
    name: str
    thread: int
    start_ns: int
    end_ns: int
    finished: bool = True
    path: str = ""
    mode: Mode | None = None

    @property
    def length_ns(self) -> int:
        """The time from its start to its end."""
        return self.end_ns - self.start_ns


@dataclass(frozen=True)
class Hop:
    """A thread hop: a call whose work ran on another thread, there and back again.

    `queued_ns` is the part of the wait for which that thread did the work of other hops of the
    same request; `ahead` are the spans of that work.
    """

    call: Span
    work: Span
    queued_ns: int = 0
    ahead: tuple[Span, ...] = ()

    @property
    def wait_ns(self) -> int:
        """The time from the call to the start of its work."""
        return max(0, self.work.start_ns - self.call.start_ns)

    @property
    def return_ns(self) -> int:
        """The time from the end of its work to the end of the call."""
        return max(0, self.call.end_ns - self.work.end_ns)

    @property
    def cost_ns(self) -> int:
        """The time of going there and back, without any time in the queue."""
        return self.wait_ns - self.queued_ns + self.return_ns


@dataclass(frozen=True)
class Serialised(JsonObject):
    """Hops of one request that queued for one thread, and the time that they lost by it.

    On separate threads they would have taken as long as the longest of them.
    """

    thread: str
    hops: int
    worked_ns: int
    longest_ns: int

    @property
    def lost_ns(self) -> int:
        """How much longer one after the other took than in parallel."""
        return self.worked_ns - self.longest_ns

    def to_json(self) -> SerialisedJson:
        """Return the evidence for the cause `serialised-on-one-thread`; times are in ms there."""
        return {
            "thread": self.thread,
            "hops": self.hops,
            "worked_ms": self.worked_ns / NS_PER_MS,
            "longest_ms": self.longest_ns / NS_PER_MS,
            "lost_ms": self.lost_ns / NS_PER_MS,
        }


@dataclass(frozen=True)
class Xray(JsonObject):
    """The trace of one request. The first span is the request itself."""

    threads: tuple[Thread, ...]
    spans: tuple[Span, ...]
    dropped: int = 0

    @property
    def length_ns(self) -> int:
        """The time from the application's call to its end, which is after the last byte."""
        return self.spans[0].length_ns

    @cached_property
    def hops(self) -> tuple[Hop, ...]:
        """The thread hops, in the order of the calls."""
        return tuple(self._queued(hop, self._unqueued) for hop in self._unqueued)

    @property
    def hop_calls(self) -> frozenset[int]:
        """The numbers of the calls that are thread hops, without what each waited for."""
        return frozenset(hop.call.number for hop in self._unqueued)

    @cached_property
    def _unqueued(self) -> tuple[Hop, ...]:
        works: dict[int, Span] = {}
        for span in self.spans:
            if span.parent is not None and span.kind != THREAD:
                works.setdefault(span.parent, span)
        pairs = [
            Hop(call, works[call.number])
            for call in self.spans
            if call.kind in HOPS and call.number in works
        ]
        return tuple(hop for hop in pairs if hop.call.thread != hop.work.thread)

    @property
    def threads_started(self) -> int:
        """The number of threads that it started."""
        return self._count(THREAD)

    @property
    def queries(self) -> int:
        """The number of database queries."""
        return self._count(QUERY)

    @property
    def hop_cost_ns(self) -> int:
        """The sum of all hops' own cost, those in parallel included."""
        return sum(hop.cost_ns for hop in self.hops)

    @cached_property
    def hops_at_once(self) -> bool:
        """True if two hops were in transit at one moment: their costs are then in parallel."""
        ways = [
            way
            for hop in self.hops
            for way in (
                (hop.call.start_ns, hop.work.start_ns),
                (hop.work.end_ns, hop.call.end_ns),
            )
            if way[0] < way[1]
        ]
        over_ns = 0
        for begun_ns, ended_ns in sorted(ways):
            if begun_ns < over_ns:
                return True
            over_ns = max(over_ns, ended_ns)
        return False

    @cached_property
    def serialised(self) -> tuple[Serialised, ...]:
        """The threads that hops queued for and lost a noticeable time, worst first."""
        queues = [_serialised(self, queue) for queue in _queues(self.hops)]
        noticeable = [
            queue for queue in queues if queue.lost_ns >= SERIALISED_SHARE * self.length_ns
        ]
        return tuple(sorted(noticeable, key=lambda queue: -queue.lost_ns))

    def sentence(self, family: str) -> str:
        """Return what the trace shows in one sentence or two; `family` is sync or async."""
        made = [_many(len(self.hops), "thread hop", "thread hops")]
        if self.queries:
            made.append(_many(self.queries, "query", "queries"))
        text = f"This {family} view makes {' and '.join(made)}, and starts "
        text += _many(self.threads_started, "thread", "threads")
        if self.hops:
            text += self._hop_cost()
        for queue in self.serialised[:1]:
            text += f". {counted(queue.hops, 'hop')} queued for one thread, {queue.thread}:"
            text += f" {_ms(queue.worked_ns)} one after the other, of which the longest took"
            text += f" {_ms(queue.longest_ns)}"
        return text + "."

    def _hop_cost(self) -> str:
        """Return the cost as part of the request's length, unless several hops were in parallel."""
        cost, length = _ms(self.hop_cost_ns), _ms(self.length_ns)
        if self.hops_at_once:
            return f": the hops alone add up to {cost}, in parallel; the request took {length}"
        return f": the hops alone took {cost} of its {length}"

    def to_json(self) -> XrayJson:
        """Return counts, threads and spans as a JSON object; times are in milliseconds."""
        return {
            "length_ms": self.length_ns / NS_PER_MS,
            "hops": len(self.hops),
            "hop_cost_ms": self.hop_cost_ns / NS_PER_MS,
            "threads_started": self.threads_started,
            "queries": self.queries,
            "serialised": [queue.to_json() for queue in self.serialised],
            "threads": to_json(self.threads),
            "spans": list(_spans_json(self)),
            "dropped": self.dropped,
        }

    def _count(self, kind: str) -> int:
        return sum(span.kind == kind for span in self.spans)

    def _ancestors(self, span: Span) -> Iterator[int]:
        while span.parent is not None:
            yield span.parent
            span = self.spans[span.parent]

    def _queued(self, hop: Hop, hops: Sequence[Hop]) -> Hop:
        """Return the hop with the work queued ahead of it, without work that it is part of."""
        above = set(self._ancestors(hop.call))
        ahead = tuple(
            other.work
            for other in hops
            if other.work.thread == hop.work.thread
            and other.work.number not in above
            and other.work.start_ns < hop.work.start_ns
            and other.work.end_ns > hop.call.start_ns
        )
        queued_ns = sum(
            min(work.end_ns, hop.work.start_ns) - max(work.start_ns, hop.call.start_ns)
            for work in ahead
        )
        return Hop(hop.call, hop.work, min(queued_ns, hop.wait_ns), ahead)


def read_trace(trace: TraceFile) -> Xray:
    """Return the Xray of a trace that `targets/injected/xray/liveburst_xray.py` wrote."""
    recorded = trace["spans"]
    origin_ns, last_ns = recorded[0]["begun"], max(span["ended"] for span in recorded)
    position: dict[int | None, int] = {span["number"]: at for at, span in enumerate(recorded)}
    started = {span.get("started") for span in recorded if span["kind"] == THREAD}
    numbers = list(dict.fromkeys(str(span["thread"]) for span in recorded))
    spans: list[Span] = []
    for at, span in enumerate(recorded):
        parent = position.get(span["parent"])
        finished = span["ended"] >= 0
        spans.append(
            Span(
                number=at,
                parent=parent,
                depth=0 if parent is None else spans[parent].depth + 1,
                kind=span["kind"],
                name=span["name"],
                thread=numbers.index(str(span["thread"])),
                start_ns=span["begun"] - origin_ns,
                end_ns=(span["ended"] if finished else max(last_ns, span["begun"])) - origin_ns,
                finished=finished,
                path=span.get("path", ""),
                mode=_mode(span),
            )
        )
    threads = tuple(
        Thread(**trace["threads"][number], started=int(number) in started) for number in numbers
    )
    return Xray(threads, tuple(spans), trace["dropped"])


def _mode(span: TracedSpan) -> Mode | None:
    """Return the mode of a middleware or the handler; None for other spans."""
    if "sync_capable" not in span:
        return None
    return Mode(span["sync_capable"], span["async_capable"], span["runs_async"])


def _queues(hops: Sequence[Hop]) -> list[list[Hop]]:
    """Return hops that queued together with those that they waited for, by queue."""
    queues: list[list[Hop]] = []
    for hop in sorted(hops, key=lambda hop: hop.work.start_ns):
        ahead = {work.number for work in hop.ahead}
        queue = next(
            (each for each in queues if ahead & {other.work.number for other in each}), None
        )
        if queue is None:
            queues.append([hop])
        else:
            queue.append(hop)
    return [queue for queue in queues if len(queue) > 1]


def _serialised(xray: Xray, queue: Sequence[Hop]) -> Serialised:
    lengths = [hop.work.length_ns for hop in queue]
    thread = xray.threads[queue[0].work.thread].name
    return Serialised(thread, len(queue), sum(lengths), max(lengths))


def _spans_json(xray: Xray) -> Iterator[SpanJson]:
    hops = {hop.call.number: hop for hop in xray.hops}
    for span in xray.spans:
        hop = hops.get(span.number)
        yield {
            "number": span.number,
            "parent": span.parent,
            "kind": span.kind,
            "name": span.name,
            "thread": span.thread,
            "start_ms": span.start_ns / NS_PER_MS,
            "length_ms": span.length_ns / NS_PER_MS if span.finished else None,
            "hop": None if hop is None else _hop_json(hop),
        }


def _hop_json(hop: Hop) -> HopJson:
    return {
        "thread": hop.work.thread,
        "wait_ms": hop.wait_ns / NS_PER_MS,
        "queued_ms": hop.queued_ns / NS_PER_MS,
        "return_ms": hop.return_ns / NS_PER_MS,
    }


def _many(number: int, one: str, several: str) -> str:
    return counted(number, one, several) if number else f"no {several}"


def _ms(length_ns: int) -> str:
    return milliseconds(length_ns / NS_PER_MS)
