"""The engine beside `wrk -t1`: the same server, the same connections, one core, in turns.

The null server has the last core, whoever fires has the first. Within a pair both fire, and
which of them begins alternates (A B, B A, …), so that a machine that becomes slower or faster
meanwhile favours nobody. A pair is compared with itself: the ratio of each, then the median.

The engine runs as the dashboard runs it: every column recorded, frames leaving every 40 ms to
a reader on its own core. How busy the null server was is measured too: where it had no time
left, the ratio compares how well the two keep it busy, and a faster server would say more.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dashboard.wire.frame import EnvelopeReader, Frame, decode, is_event
from dashboard.wire.plan import MAX_RUN_REQUESTS, Burst, Firing

ROOT = Path(__file__).parents[1]
SECONDS = 2  # each turn lasts about so long
MOST = MAX_RUN_REQUESTS
READ_BYTES = 1 << 20
NS_PER_S = 1e9
CORES = sorted(os.sched_getaffinity(0))
FIRERS_CORE, SERVERS_CORE = CORES[0], CORES[-1]
WRKS_RATE = re.compile(r"^Requests/sec:\s*([\d.]+)", re.MULTILINE)
WRKS_TROUBLE = re.compile(r"^\s*(Socket errors|Non-2xx).*", re.MULTILINE)


class BenchFailed(Exception):
    """A turn that gave no number; its text says what was seen instead."""


@dataclass(frozen=True)
class Turn:
    """Requests a second, and the share of its core that the null server used meanwhile."""

    rps: float
    server_busy_percent: float


@dataclass(frozen=True)
class Pair:
    """One turn of each, and the share of time that the host took away."""

    engine: Turn
    wrk: Turn
    steal_percent: float

    @property
    def ratio(self) -> float:
        """Above 1 where the engine was faster."""
        return self.engine.rps / self.wrk.rps


def compare(connections: int, pairs: int) -> Iterator[Pair]:
    """Yield each pair as soon as it is measured. Raises BenchFailed."""
    with null_server() as server:
        # A first turn warms the server up and says how many requests last long enough.
        requests = min(int(engine_rps(server.port, 20_000, connections) * SECONDS), MOST)
        wrk_rps(server.port, connections)
        turns: dict[str, Callable[[], float]] = {
            "engine": partial(engine_rps, server.port, requests, connections),
            "wrk": partial(wrk_rps, server.port, connections),
        }
        for number in range(pairs):
            before = CpuTime.now()
            order = sorted(turns, reverse=bool(number % 2))
            found = {name: server.during(turns[name]) for name in order}
            steal_percent = CpuTime.now().steal_percent_since(before)
            yield Pair(found["engine"], found["wrk"], steal_percent)


@dataclass(frozen=True)
class NullServer:
    """The process that both are fired at."""

    port: int
    process: int

    def during(self, turn: Callable[[], float]) -> Turn:
        """One turn, and how busy the server was in it, from its CPU time in /proc."""
        began_s, busy_s = time.monotonic(), self._cpu_s()
        rps = turn()
        lasted_s = time.monotonic() - began_s
        return Turn(rps, 100 * (self._cpu_s() - busy_s) / lasted_s)

    def _cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def null_server() -> Iterator[NullServer]:
    """A null server on its core for as long as the block lasts."""
    command = [sys.executable, "-m", "bench.null_server", "--port", "0"]
    os.sched_setaffinity(0, {SERVERS_CORE})  # children inherit it
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    os.sched_setaffinity(0, {FIRERS_CORE})
    try:
        assert server.stdout
        yield NullServer(int(server.stdout.readline()), server.pid)
    finally:
        os.sched_setaffinity(0, CORES)
        server.terminate()
        server.communicate()


def engine_rps(port: int, requests: int, connections: int) -> float:
    """A burst by the engine as a child; requests a second from its first due to its last done."""
    load = Burst(requests, connections)
    firing = Firing(
        lane=0, round=1, host="127.0.0.1", port=port, path="/", load=load, timeout_s=30.0
    )
    order = json.dumps({"fire": firing.to_json()}).encode() + b"\n"
    samples = [frame for frame in _fired(order) if frame.kind == "samples"]
    failed = sum(1 for frame in samples for error in frame.columns["error"] if error)
    rows = sum(frame.rows for frame in samples)
    if failed or rows != requests:
        raise BenchFailed(f"the engine: expected {requests} ok, found {failed} of {rows} failed")
    return requests / max(max(frame.columns["done"]) for frame in samples) * NS_PER_S


def _fired(order: bytes) -> list[Frame]:
    """The frames of one firing, decoded only after it is over."""
    command = [sys.executable, "-m", "dashboard.engine"]
    payloads: list[bytes] = []
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as engine:
        assert engine.stdin
        assert engine.stdout
        engine.stdin.write(order)
        reader = EnvelopeReader()
        while not (payloads and b'"fired"' in payloads[-1][:20]):
            data = engine.stdout.read(READ_BYTES)
            if not data:
                raise BenchFailed("the engine ended in the middle of a firing")
            payloads += [payload for _, payload in reader.feed(data)]
        engine.stdin.close()
    return [decode(payload) for payload in payloads if not is_event(payload)]


def wrk_rps(port: int, connections: int) -> float:
    """The same by wrk with one thread, by its own count."""
    url = f"http://127.0.0.1:{port}/"
    output = _output(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", url])
    found = WRKS_RATE.search(output)
    if not found or WRKS_TROUBLE.search(output):
        raise BenchFailed(f"wrk: expected a rate and no errors, found\n{output}")
    return float(found[1])


def _output(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(f"{command[0]} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


@dataclass(frozen=True)
class CpuTime:
    """Where the time of all cores went so far, in the kernel's ticks."""

    total: int
    stolen: int

    @classmethod
    def now(cls) -> CpuTime:
        """As /proc/stat says."""
        ticks = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        return cls(sum(ticks[:8]), ticks[7])  # what follows is contained in the first ones

    def steal_percent_since(self, before: CpuTime) -> float:
        """What the host took away since."""
        return 100 * (self.stolen - before.stolen) / max(self.total - before.total, 1)
