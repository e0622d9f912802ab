"""A turn of the load generator beside those of other tools."""

from __future__ import annotations

from urllib.parse import urlsplit

from dashboard.wire.percentile import nearest_rank
from dashboard.wire.plan.plan import MAX_RUN_REQUESTS, Burst
from dashboard.wire.units import NS_PER_MS, NS_PER_S

from .firing import fire
from .tools import SECONDS, Reading

FIRST_REQUESTS = 20_000


class Engine:
    """Fires a number of requests that lasts about `SECONDS`, estimated from its last turn."""

    name = "engine"

    def __init__(self) -> None:
        self._rps: dict[int, float] = {}

    def fire(self, url: str, connections: int) -> Reading:
        """Fire for one turn. Raises BenchFailed unless every request succeeds."""
        expected = int(self._rps.get(connections, FIRST_REQUESTS / SECONDS) * SECONDS)
        reading = _fire(url, min(expected, MAX_RUN_REQUESTS), connections)
        self._rps[connections] = reading.rps
        return reading


def _fire(url: str, requests: int, connections: int) -> Reading:
    """Fire a burst; its rate is from the first due to the last done."""
    port = urlsplit(url).port
    assert port
    fired = fire(port, Burst(requests, connections))
    times_ns = fired.between("due", "done")
    p50_ns, p99_ns = (nearest_rank(times_ns, percent) for percent in (50.0, 99.0))
    lasted_ns = max(fired.samples["done"])
    return Reading(requests / lasted_ns * NS_PER_S, _ms(p50_ns), _ms(p99_ns))


def _ms(time_ns: int | None) -> float | None:
    return None if time_ns is None else time_ns / NS_PER_MS
