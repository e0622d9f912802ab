"""A turn of the engine as the dashboard runs it.

A child process, every column recorded, frames leaving every 40 ms to a reader on the same core.
"""

from __future__ import annotations

import json
import subprocess
import sys
from array import array
from pathlib import Path
from urllib.parse import urlsplit

from dashboard.wire.frame import EnvelopeReader, Frame, decode, is_event
from dashboard.wire.plan import MAX_RUN_REQUESTS, Burst, Firing
from dashboard.wire.rank import nearest_rank

from .tools import SECONDS, BenchFailed, Reading

ROOT = Path(__file__).parents[1]
READ_BYTES = 1 << 20
NS_PER_S, NS_PER_MS = 1e9, 1e6
FIRST_REQUESTS = 20_000


class Engine:
    """Fires a number of requests that last about `SECONDS`, judged by its last turn."""

    name = "engine"

    def __init__(self) -> None:
        self._rps: dict[int, float] = {}

    def fire(self, url: str, connections: int) -> Reading:
        """One turn. Raises BenchFailed unless every request is answered well."""
        expected = int(self._rps.get(connections, FIRST_REQUESTS / SECONDS) * SECONDS)
        reading = fire_burst(url, min(expected, MAX_RUN_REQUESTS), connections)
        self._rps[connections] = reading.rps
        return reading


def fire_burst(url: str, requests: int, connections: int) -> Reading:
    """A burst by the engine as a child; its rate is from the first due to the last done."""
    address = urlsplit(url)
    assert address.hostname
    assert address.port
    firing = Firing(
        lane=0,
        round=1,
        host=address.hostname,
        port=address.port,
        path=address.path or "/",
        load=Burst(requests, connections),
        timeout_s=30.0,
    )
    samples = [frame for frame in _frames(firing) if frame.kind == "samples"]
    rows = sum(frame.rows for frame in samples)
    failed = sum(1 for frame in samples for error in frame.columns["error"] if error)
    if failed or rows != requests:
        raise BenchFailed(f"the engine: expected {requests} ok, found {failed} of {rows} failed")
    times_ns = array("q")
    for frame in samples:
        pairs = zip(frame.columns["due"], frame.columns["done"], strict=True)
        times_ns.extend(done - due for due, done in pairs)
    ascending = sorted(times_ns)
    p50_ns, p99_ns = (nearest_rank(ascending, percent) for percent in (50.0, 99.0))
    lasted_ns = max(max(frame.columns["done"]) for frame in samples)
    return Reading(requests / lasted_ns * NS_PER_S, _ms(p50_ns), _ms(p99_ns))


def _ms(time_ns: int | None) -> float | None:
    return None if time_ns is None else time_ns / NS_PER_MS


def _frames(firing: Firing) -> list[Frame]:
    """The frames of one firing, decoded only after it is over."""
    command = [sys.executable, "-m", "dashboard.engine"]
    payloads: list[bytes] = []
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as engine:
        assert engine.stdin
        assert engine.stdout
        engine.stdin.write(json.dumps({"fire": firing.to_json()}).encode() + b"\n")
        reader = EnvelopeReader()
        while not (payloads and b'"fired"' in payloads[-1][:20]):
            data = engine.stdout.read(READ_BYTES)
            if not data:
                raise BenchFailed("the engine ended in the middle of a firing")
            payloads += [payload for _, payload in reader.feed(data)]
        engine.stdin.close()
    return [decode(payload) for payload in payloads if not is_event(payload)]
