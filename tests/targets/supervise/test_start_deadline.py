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
        deadline = StartDeadline(pid, timeout_s=TIMEOUT_S)
        assert not deadline.passed()
        assert until(deadline.passed, 20)


def test_a_start_that_uses_the_cpu_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_deadline, "LONGEST_START_S", 4 * TIMEOUT_S)
    with started(BUSY) as pid:
        deadline = StartDeadline(pid, timeout_s=TIMEOUT_S)
        assert not until(deadline.passed, 2 * TIMEOUT_S)
        assert until(deadline.passed, 20)  # but not for ever


def test_a_start_has_the_time_that_a_lab_toml_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_deadline, "START_TIMEOUT_S", TIMEOUT_S)
    with started(IDLE) as pid:
        deadline = StartDeadline(pid, 3 * TIMEOUT_S)
        assert not until(deadline.passed, 2 * TIMEOUT_S)
        assert until(deadline.passed, 20)
    assert StartDeadline(pid, 90).longest_s == 90
    assert StartDeadline(pid, 3600).poll_interval_s <= 0.5


def test_the_wait_is_shown_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    notices: list[str] = []
    deadline = StartDeadline(0, 90, notices.append)
    for _ in range(17):
        now_s += 0.25
        assert not deadline.passed()
    assert notices == [f"starting for {second} s of at most 90 s" for second in (2, 3, 4)]


def test_a_start_whose_process_ended_is_given_up() -> None:
    with started("pass") as pid:
        pass
    assert until(StartDeadline(pid, timeout_s=TIMEOUT_S).passed, 20)
