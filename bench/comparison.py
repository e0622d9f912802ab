"""The load generator beside other tools: the same server, the same connections, one core, in turns.

The server has the last core, the tool that fires the first. In each round every tool fires once, in
random order from a seed, so that a machine that becomes slower or faster favours
no tool. Ratios are computed within each round, then their median.

The load of the server is measured too: if it had no time left, a ratio only compares how well the
two keep it busy.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .tools import Reading

ROOT = Path(__file__).parents[1]
CORES = sorted(os.sched_getaffinity(0))
FIRERS_CORE, SERVERS_CORE = CORES[0], CORES[-1]
SEED = 1


class Firer(Protocol):
    """The load generator, or a tool."""

    @property
    def name(self) -> str:
        """Its name in the table."""

    def fire(self, url: str, connections: int) -> Reading:
        """Fire for one turn."""


@dataclass(frozen=True)
class Turn:
    """The reading of a firer, and the state of the machine during the turn."""

    reading: Reading
    server_busy_percent: float
    steal_percent: float


Round = Mapping[str, Turn]


def compare(
    server: Server, firers: Sequence[Firer], connections: int, rounds: int
) -> Iterator[Round]:
    """Yield each round as soon as it is measured. Raises BenchFailed."""
    order = list(firers)
    chance = random.Random(SEED)
    for firer in order:
        firer.fire(server.url, connections)  # not counted: warms up server and caches
    for _ in range(rounds):
        chance.shuffle(order)
        yield {firer.name: server.during(firer, connections) for firer in order}


@dataclass(frozen=True)
class Server:
    """The process that all tools fire at."""

    url: str
    process: int

    def during(self, firer: Firer, connections: int) -> Turn:
        """Return a turn, with the server's load from its CPU time in /proc."""
        steal, began_s, busy_s = CpuTime.now(), time.monotonic(), self._cpu_s()
        reading = firer.fire(self.url, connections)
        lasted_s = time.monotonic() - began_s
        busy_percent = 100 * (self._cpu_s() - busy_s) / lasted_s
        return Turn(reading, busy_percent, CpuTime.now().steal_percent_since(steal))

    def _cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def null_server() -> Iterator[Server]:
    """Run a null server on its core inside the block; other children have the first core."""
    command = [sys.executable, "-m", "dashboard.targets.calibration.null_server", "--port", "0"]
    os.sched_setaffinity(0, {SERVERS_CORE})  # children inherit it
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    os.sched_setaffinity(0, {FIRERS_CORE})
    try:
        assert server.stdout
        yield Server(f"http://127.0.0.1:{int(server.stdout.readline())}/", server.pid)
    finally:
        os.sched_setaffinity(0, CORES)
        server.terminate()
        server.communicate()


@dataclass(frozen=True)
class CpuTime:
    """The time of all cores so far, in the kernel's ticks."""

    total: int
    stolen: int

    @classmethod
    def now(cls) -> CpuTime:
        """Read /proc/stat."""
        ticks = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        return cls(sum(ticks[:8]), ticks[7])  # the following fields are included in the first ones

    def steal_percent_since(self, before: CpuTime) -> float:
        """Return the share that the host took away between the two."""
        return 100 * (self.stolen - before.stolen) / max(self.total - before.total, 1)
