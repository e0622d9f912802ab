"""What a strike looks at: its own processes by their mark, and its own sockets, not their ports."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench.observed_processes import (
    Marks,
    descends_from,
    listening,
    listening_sockets,
    marked,
    shown,
)
from bench.strikes import site
from bench.strikes.case import Result
from bench.strikes.site import expect_none_of

MARK = "liveburst-fault-observed"
LISTENS = (
    "import socket, time; s = socket.create_server(('127.0.0.1', 0));"
    "print(s.getsockname()[1], flush=True); time.sleep(60)"
)


@pytest.fixture
def process() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process with a mark, and the port on which it listens."""
    with subprocess.Popen(
        [sys.executable, "-c", LISTENS],
        env={**os.environ, "LIVEBURST_MARK": MARK},
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout is not None
        yield started, int(started.stdout.readline())
        started.kill()


@pytest.mark.processes
def test_a_process_is_found_by_its_mark_and_its_sockets_by_their_inodes(
    process: tuple[subprocess.Popen[str], int],
) -> None:
    started, port = process
    marks = Marks()
    assert marks.pids(MARK) == [started.pid]
    assert not marks.pids("liveburst-fault-other")
    assert [found.pid for found in marked(MARK)] == [started.pid]
    assert descends_from(started.pid, os.getpid())
    assert not descends_from(os.getpid(), started.pid)
    assert str(started.pid) in shown([started.pid])
    (inode,) = listening_sockets([started.pid])
    assert listening()[inode] == port

    started.kill()
    started.wait()
    assert marks.pids(MARK, max_age_s=60) == [started.pid]  # an earlier look
    assert marks.pids(MARK) == ()
    assert descends_from(started.pid, os.getpid())  # it has ended, and so is no stray
    assert shown([started.pid]) == ""
    with socket.create_server(("127.0.0.1", port)):
        assert port in listening().values()
        assert inode not in listening()  # the port is another process's now


def test_what_is_gone_later_is_a_fault_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "GONE_S", 0.0)
    left = [[os.getpid()], [os.getpid()], [os.getpid()], []]
    result = Result("guard-KILL-0", "dashboard", "late")
    expect_none_of(lambda: left.pop(0) if left else [], result, "processes are left")
    (fault,) = result.faults
    assert fault.startswith("processes are left after 0 s (gone after 0.")
    assert result.gone_s > 0


def test_what_is_gone_in_time_is_none() -> None:
    result = Result("guard-KILL-0", "dashboard", "late")
    expect_none_of(list, result, "processes are left")
    assert result.faults == []
    assert result.gone_s == 0
