"""A program that logs without end: its log stays within the limit, and keeps its last lines."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from dashboard.targets.supervise import guard as guard_module
from dashboard.targets.supervise import log_ring
from dashboard.targets.supervise.log_files import (
    LIMIT_VARIABLE,
    last_line_since,
    log_limit_bytes,
    log_size,
    open_log,
    read_tail,
)
from dashboard.targets.supervise.log_ring import LogRing
from dashboard.wire.errors import Invalid
from dashboard.wire.units import BYTES_PER_MB
from tests.targets.helpers import until

processes = pytest.mark.processes
GUARD = [sys.executable, "-I", "-S", str(guard_module.__file__)]
LIMIT = 200_000
# At most 100 MB/s, so that a guard that waits for a busy CPU does not miss most of it; stopped by
# its own limit, should the guard fail.
ENDLESS = """
import os, resource, time
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 31, 1 << 31))
line = b"x" * 99 + b"\\n"
while True:
    os.write(1, line * 1000)
    time.sleep(0.001)
"""
# Writes much, then its last line, then nothing.
QUIET = """
import os, time
for _ in range(5000):
    os.write(2, b"y" * 499 + b"\\n")
os.write(2, b"the last line\\n")
time.sleep(60)
"""


@contextmanager
def logging_to(log: Path, code: str) -> Iterator[subprocess.Popen[bytes]]:
    with (
        open_log(log) as output,
        subprocess.Popen(
            [*GUARD, "--log-limit", str(LIMIT), "--", sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)


@processes
def test_an_endless_log_is_bounded(tmp_path: Path) -> None:
    log, longest, written = tmp_path / "log", 0, 0
    with logging_to(log, ENDLESS) as guard:

        def much_is_written() -> bool:
            nonlocal longest, written
            longest = max(longest, log_size(log))
            children = psutil.Process(guard.pid).children(recursive=True)
            written = sum(child.io_counters().write_chars for child in children)
            return written > 1000 * LIMIT

        assert until(much_is_written, 60)
    # Not the limit itself: what is written in the pause between two looks is added to it.
    assert longest < written / 2
    assert log_size(log) <= longest
    assert log.stat().st_blocks * 512 <= log_size(log) + 8192  # and it has no hole


@processes
def test_the_last_lines_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with logging_to(log, QUIET):
        assert until(lambda: read_tail(log).endswith("the last line"), 30)
        assert until(lambda: log_size(log) <= LIMIT)
        text = log.read_text()
    assert text.startswith("[Liveburst: older lines of this log were dropped, ")
    assert text.endswith(f"{'y' * 499}\nthe last line\n")


@processes
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has inotify")
def test_a_silent_log_costs_no_wake_ups(tmp_path: Path) -> None:
    code = "import time; print('ready', flush=True); time.sleep(60)"
    with logging_to(tmp_path / "log", code) as guard:
        assert until((tmp_path / "log").read_text)
        process = psutil.Process(guard.pid)
        before = -1

        def asleep() -> bool:
            nonlocal before
            earlier, before = before, process.num_ctx_switches().voluntary
            until(lambda: False, 4 * log_ring.LONGEST_PAUSE_S)
            return before == earlier

        assert until(asleep, 20)


def test_a_log_without_a_reader_is_cut_without_its_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("ab") as file:
        ring = LogRing([file.fileno()], 1000)
        file.write(b"line\n" * 1000)
        file.flush()
        ring.look()
    assert log.read_bytes() == log_ring.CUT % 5000


def test_only_files_are_watched(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with (tmp_path / "log").open("ab") as file:
        again = os.dup(file.fileno())
        assert LogRing([writing, again, file.fileno()], 1000).descriptors
        assert not LogRing([writing], 1000).descriptors
        assert LogRing([writing], 1000).next_look_s is None
        assert not LogRing([file.fileno()], 0).descriptors
    for descriptor in (reading, writing, again):
        os.close(descriptor)


def test_without_inotify_files_are_looked_at_from_time_to_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with (tmp_path / "log").open("a+b") as file:
        ring = LogRing([file.fileno()], 1000)
        ring.look()
        assert ring.next_look_s == log_ring.IDLE_PAUSE_S
        file.write(b"line\n" * 1000)
        file.flush()
        ring.look()
        assert log_size(tmp_path / "log") < 1000


def test_what_was_logged_since_is_found_in_a_log_that_was_cut(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n" * 1000)
    start = log_size(log)
    assert last_line_since(log, start) == ""
    log.write_text("cut\nafter\n")
    assert last_line_since(log, start) == "after"


@pytest.mark.parametrize(("value", "limit_mb"), [("", 20), ("5", 5), ("0.5", 0.5)])
def test_the_limit_is_a_setting(
    value: str, limit_mb: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, value)
    assert log_limit_bytes() == limit_mb * BYTES_PER_MB
    monkeypatch.delenv(LIMIT_VARIABLE)
    assert log_limit_bytes() == 20 * BYTES_PER_MB


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e9", "20MB", "x", "\udcff"])
def test_a_limit_out_of_bounds_is_named(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, value)
    with pytest.raises(Invalid, match=rf"^{LIMIT_VARIABLE}: expected a number from 0.1 to 100,000"):
        log_limit_bytes()
