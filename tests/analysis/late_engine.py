"""A simulated server and a load generator that is stalled now and then, with and without stalls.

Requests are served first come, first served by so many threads. While the engine is kept it
neither sends nor reads; what arrives meanwhile is stamped when it is at hand again. Milliseconds.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from unittest import mock

from dashboard.analysis.samples.lateness import Lateness
from dashboard.engine.timing import heartbeat
from dashboard.engine.timing.heartbeat import Heartbeat
from dashboard.wire.units import NS_PER_MS as MS

Stall = tuple[float, float]  # begin, end


@dataclass(frozen=True)
class Server:
    """A server with a limit at a time; `service_ms` is in the order in which requests begin."""

    threads: int
    service_ms: Sequence[float]


Row = dict[str, int]


def burst(server: Server, slots: int, stalls: Sequence[Stall] = ()) -> list[Row]:
    """Fire a request per service time, at most `slots` of them in flight."""
    sends = [0.0] * slots
    free = [0.0] * server.threads
    rows = []
    for number, service_ms in enumerate(server.service_ms):
        due = heapq.heappop(sends)
        sent, done = _served(due, service_ms, free, stalls)
        heapq.heappush(sends, done)
        rows.append(_row(number, due, sent, done))
    return rows


def rate(server: Server, every_ms: float, stalls: Sequence[Stall] = ()) -> list[Row]:
    """Fire a request every `every_ms`, however long the others take."""
    free = [0.0] * server.threads
    rows = []
    for number, service_ms in enumerate(server.service_ms):
        due = number * every_ms
        rows.append(_row(number, due, *_served(due, service_ms, free, stalls)))
    return rows


def _served(
    due: float, service_ms: float, free: list[float], stalls: Sequence[Stall]
) -> tuple[float, float]:
    sent = at_hand(due, stalls)
    over = max(sent, heapq.heappop(free)) + service_ms
    heapq.heappush(free, over)
    return sent, at_hand(over, stalls)


def _row(number: int, due: float, sent: float, done: float) -> Row:
    ns = {name: round(at * MS) for name, at in (("due", due), ("sent_first", sent), ("done", done))}
    return {"request": number, **ns, "sent": ns["sent_first"], "status": 200, "error": 0}


def at_hand(at: float, stalls: Sequence[Stall]) -> float:
    """Return when the stalled generator does what was due at this instant."""
    return next((end for begin, end in stalls if begin <= at < end), at)


def lateness(rows: Sequence[Row], stalls: Sequence[Stall], cpu_ms: float = 0) -> Lateness:
    """Return the lateness that the generator reports of a firing, from its heartbeat."""
    over_ns = max(row["done"] for row in rows)
    wait_ns = max(row["sent_first"] - row["due"] for row in rows)
    return Lateness(heard(stalls, over_ns), round(cpu_ms * MS), over_ns, wait_ns)


def heard(stalls: Sequence[Stall], until_ns: int) -> Sequence[tuple[int, int]]:
    """Return the stalls as the generator's own heartbeat records them."""
    clock = mock.Mock(return_value=0)
    with (
        mock.patch.object(heartbeat, "make_alarm", mock.Mock()),
        mock.patch.object(heartbeat, "monotonic_ns", clock),
        Heartbeat() as beats,
    ):
        while clock.return_value < until_ns:
            clock.return_value = round(at_hand(beats._at_ns / MS, stalls) * MS)
            beats._beat()
        return beats.stalls_ns(0)
