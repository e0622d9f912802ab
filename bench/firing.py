"""One firing by the load generator as in the dashboard, with its samples as columns."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.wire.frame import COLUMNS, EnvelopeReader, decode, is_event
from dashboard.wire.plan.plan import Firing, Load

from .tools import BenchFailed

ROOT = Path(__file__).parents[1]
READ_BYTES = 1 << 20


@dataclass
class Fired:
    """The samples of all frames, and the event `fired`."""

    event: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, list[int]] = field(
        default_factory=lambda: {name: [] for name in COLUMNS["samples"]}
    )

    @property
    def cpu_percent(self) -> float:
        """The share of its core that the load generator used."""
        return float(100 * self.event["cpu_ns"] / self.event["wall_ns"])

    def between(self, begin: str, end: str) -> list[int]:
        """Return the time between two instants in each sample, ascending, in nanoseconds."""
        pairs = zip(self.samples[begin], self.samples[end], strict=True)
        return sorted(after - before for before, after in pairs)


def fire(
    port: int, load: Load, *, seed: int = 1, started: Callable[[int], None] | None = None
) -> Fired:
    """Fire at a port of this machine; raises BenchFailed unless every request succeeds.

    `started` is called with the process id of the load generator when it begins to fire.
    """
    firing = Firing(
        lane=0, round=1, host="127.0.0.1", port=port, path="/", load=load, timeout_s=60, seed=seed
    )
    fired = Fired()
    payloads = _payloads(firing, started)
    fired.event = json.loads(payloads.pop())
    for frame in (decode(payload) for payload in payloads if not is_event(payload)):
        if frame.kind == "samples":
            for name, column in frame.columns.items():
                fired.samples[name].extend(column.tolist())
    failed = sum(1 for error in fired.samples["error"] if error)
    if failed or len(fired.samples["error"]) != load.requests:
        raise BenchFailed(f"expected {load.requests} answers, found {failed} failures")
    return fired


def _payloads(firing: Firing, started: Callable[[int], None] | None) -> list[bytes]:
    """Return all output, unread until the end, so that reading does not disturb the firing."""
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
            if started and not payloads:
                started(engine.pid)
            payloads += [bytes(payload) for _, payload in reader.feed(data)]
        engine.stdin.close()
    return payloads
