"""The guard, run as the script that it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from dashboard.targets.supervise import guard as guard_module
from tests.targets.helpers import marked, until

GUARD = [sys.executable, "-I", "-S", str(guard_module.__file__)]
HARDENED = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
PARENT = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {HARDENED!r}], start_new_session=True)
"""
# Starts a grandchild in a session of its own, which ignores polite requests, and is orphaned.
linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is one process")
ORPHANS = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {PARENT!r}])
"""


@contextmanager
def guarded(
    *command: str, options: tuple[str, ...] = (), mark: str = "", pass_fds: tuple[int, ...] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [*GUARD, *options, "--", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "LIVEBURST_MARK": mark},
        pass_fds=pass_fds,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize(("code", "status"), [("0", 0), ("7", 7)])
def test_it_ends_with_the_commands_status(code: str, status: int) -> None:
    with guarded(*python(f"import sys; print('said'); sys.exit({code})")) as guard:
        assert guard.wait(10) == status
        assert guard.stdout is not None
        assert guard.stdout.read() == b"said\n"


def test_a_command_that_was_killed_has_a_shells_status() -> None:
    with guarded(*python("import os; os.kill(os.getpid(), 9)")) as guard:
        assert guard.wait(10) == 137


def test_a_command_that_does_not_exist_is_status_127() -> None:
    with guarded("/nowhere/python") as guard:
        assert guard.wait(10) == 127
        assert guard.stderr is not None
        assert guard.stderr.read() == b"cannot start /nowhere/python: No such file or directory\n"


def test_closing_the_lifeline_kills_all(mark: str) -> None:
    with guarded(*python(ORPHANS + "time.sleep(60)"), mark=mark) as guard:
        assert until(lambda: len(marked(mark)) == 4)  # both of the guard, command, orphan
        assert guard.stdin is not None
        guard.stdin.close()
        assert guard.wait(5) == 137
        assert not marked(mark)


def inner_of(guard: subprocess.Popen[bytes]) -> psutil.Process:
    (inner,) = psutil.Process(guard.pid).children()
    return inner


@linux
@pytest.mark.parametrize("victim", ["outer", "inner"])
def test_a_killed_guard_leaves_nothing(victim: str, mark: str) -> None:
    with guarded(*python(ORPHANS + "time.sleep(60)"), mark=mark) as guard:
        assert until(lambda: len(marked(mark)) == 4)
        (guard if victim == "outer" else inner_of(guard)).send_signal(signal.SIGKILL)
        assert until(lambda: not marked(mark), 3)
        assert guard.wait(5) == (-signal.SIGKILL if victim == "outer" else 137)
        assert guard.stderr is not None
        assert guard.stderr.read().decode().strip() == guard_module.GUARD_KILLED


@linux
@pytest.mark.parametrize("victim", ["outer", "inner"])
def test_a_stopped_guard_ends_with_the_starter(victim: str, mark: str) -> None:
    with guarded(*python(ORPHANS + "time.sleep(60)"), mark=mark) as guard:
        assert until(lambda: len(marked(mark)) == 4)
        (guard if victim == "outer" else inner_of(guard)).send_signal(signal.SIGSTOP)
        assert guard.stdin is not None
        guard.stdin.close()
        assert until(lambda: not marked(mark), 3)
        assert guard.wait(5) in (137, -signal.SIGKILL)


@linux
def test_a_kill_of_the_guards_group_leaves_nothing(mark: str) -> None:
    with guarded(*python(ORPHANS + "time.sleep(60)"), mark=mark) as guard:
        assert until(lambda: len(marked(mark)) == 4)
        os.killpg(guard.pid, signal.SIGKILL)
        assert until(lambda: not marked(mark), 3)


def test_leftovers_end_with_the_command(mark: str) -> None:
    code = ORPHANS + "sys.stdin.read(); time.sleep(0.3)"
    with guarded(*python(code), mark=mark) as guard:
        assert guard.wait(10) == 0
        assert not marked(mark)


def test_a_command_that_handles_sigterm_is_given_time() -> None:
    code = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
print("ready", flush=True)
time.sleep(60)
"""
    with guarded(*python(code)) as guard:
        assert guard.stdout is not None
        guard.stdout.readline()
        guard.send_signal(signal.SIGTERM)
        assert guard.wait(10) == 5


def test_a_command_that_ignores_sigterm_is_killed_after_the_grace_period(mark: str) -> None:
    code = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""
    with guarded(*python(code), mark=mark) as guard:
        assert guard.stdout is not None
        guard.stdout.readline()
        began = time.monotonic()
        guard.send_signal(signal.SIGTERM)
        assert guard.wait(10) == 137
        assert guard_module.GRACE_S <= time.monotonic() - began < guard_module.GRACE_S + 5
        assert not marked(mark)


def test_descriptors_are_passed_to_the_command_and_not_kept() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    code = f"import os, time; os.write({writing}, b'mine'); os.close({writing}); time.sleep(60)"
    with guarded(*python(code), pass_fds=(writing,)), open(reading, "rb") as pipe:  # noqa: PTH123
        os.close(writing)
        assert until(lambda: pipe.read() == b"mine", 5)
        assert until(lambda: pipe.read() == b"", 1)  # closed, although both of them still run


def test_a_descriptor_becomes_the_commands_stdin() -> None:
    reading, writing = os.pipe()
    code = "import sys; print(sys.stdin.read().upper())"
    options = ("--stdin", str(reading))
    with guarded(*python(code), options=options, pass_fds=(reading,)) as guard:
        os.close(reading)
        os.write(writing, b"plan")
        os.close(writing)
        assert guard.wait(10) == 0
        assert guard.stdout is not None
        assert guard.stdout.read() == b"PLAN\n"


@pytest.mark.skipif(sys.platform != "linux", reason="cores are chosen on Linux only")
def test_it_stays_on_its_cores() -> None:
    core = max(os.sched_getaffinity(0))
    code = "import os; print(os.sched_getaffinity(0))"
    with guarded(*python(code), options=("--cores", str(core))) as guard:
        assert guard.wait(10) == 0
        assert guard.stdout is not None
        assert guard.stdout.read().decode().strip() == str({core})


def test_it_sleeps_without_wake_ups() -> None:
    with guarded(*python("print('ready', flush=True); import time; time.sleep(60)")) as guard:
        assert guard.stdout is not None
        guard.stdout.readline()
        process = psutil.Process(guard.pid)
        until(lambda: process.status() == psutil.STATUS_SLEEPING)
        before = process.num_ctx_switches().voluntary
        until(lambda: False, 0.5)
        assert process.num_ctx_switches().voluntary <= before + 1
