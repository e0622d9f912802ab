"""How long a thread waited for a core, as the probe reads it from Linux."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .calls import Probe

SPIN = "while True: pass"
SPUN_S = 0.5


@pytest.fixture
def busy_core() -> Iterator[int]:
    """A core that another process uses all the time."""
    core = min(os.sched_getaffinity(0))
    process = subprocess.Popen([sys.executable, "-c", SPIN])
    os.sched_setaffinity(process.pid, {core})
    yield core
    process.kill()
    process.wait()


def waited_s(probe: Probe, core: int | None) -> float:
    """Return how long a thread that computes for half a second waited for a core."""

    def spin() -> float:
        if core is not None:
            os.sched_setaffinity(0, {core})  # of this thread alone
        delay = probe.run_delay.RunDelay()
        delay.watch_this_thread()
        end_s = time.monotonic() + SPUN_S
        while time.monotonic() < end_s:
            pass
        waited_ns = delay.peek()
        assert 0 <= waited_ns <= delay.take()
        assert delay.peek() < waited_ns or waited_ns == 0
        delay.close()
        return float(waited_ns / 1e9)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(spin).result()


def test_a_thread_beside_a_busy_process_waits_for_half_of_the_time(
    probe: Probe, busy_core: int
) -> None:
    # Two on one core have half of it each; others may have a part of it too.
    assert waited_s(probe, busy_core) > SPUN_S / 5


def test_a_thread_that_sleeps_does_not_wait_for_a_core(probe: Probe) -> None:
    delay = probe.run_delay.RunDelay()
    delay.watch_this_thread()
    before_s = time.monotonic()
    time.sleep(0.2)
    slept_s = time.monotonic() - before_s
    assert delay.take() / 1e9 < slept_s - 0.15


def test_without_such_a_count_there_is_no_delay(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe.run_delay.threading, "get_native_id", lambda: 0)
    delay = probe.run_delay.RunDelay()
    delay.watch_this_thread()
    assert (delay.peek(), delay.take()) == (0, 0)
