"""A start that uses the CPU has more time; an idle one is given up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dashboard.targets.observe.proc_stats import process_tree
from dashboard.targets.supervise import start_deadline
from dashboard.targets.supervise.start_deadline import StartDeadline
from tests.targets.helpers import until

TIMEOUT_S = 0.4
# Each in a process below the one that is watched, as a server is below its guard.
BELOW = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], timeout=60)"
IDLE = "import time; time.sleep(60)"
BUSY = "while True: pass"


@contextmanager
def started(code: str) -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", BELOW, code], start_new_session=True) as process:
        try:
            yield process.pid
        finally:
            for pid in (*process_tree(process.pid), process.pid):
                subprocess.run(["kill", "-9", str(pid)], check=False)


def test_an_idle_start_is_given_up() -> None:
    with started(IDLE) as pid:
        deadline = StartDeadline(pid, TIMEOUT_S)
        assert not deadline.passed()
        assert until(deadline.passed, 20)


def test_a_start_that_uses_the_cpu_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_deadline, "LONGEST_START_S", 4 * TIMEOUT_S)
    with started(BUSY) as pid:
        deadline = StartDeadline(pid, TIMEOUT_S)
        assert not until(deadline.passed, 2 * TIMEOUT_S)
        assert until(deadline.passed, 20)  # but not for ever


def test_a_start_whose_process_ended_is_given_up() -> None:
    with started("pass") as pid:
        pass
    assert until(StartDeadline(pid, TIMEOUT_S).passed, 20)
