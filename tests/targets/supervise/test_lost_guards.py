"""What is left when both processes of a guard are killed at once, or guard and starter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from dashboard.targets.supervise import orphans
from dashboard.targets.supervise.launcher import STOP_TIMEOUT_S, Child, launch
from dashboard.targets.supervise.orphans import OWNER, Owner, end_orphans, new_mark
from tests.targets.helpers import marked, until, until_async

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc"),
]
SLEEP = "import time; time.sleep(60)"
# A title in place of the environment, as setproctitle has it.
TITLED = (
    "import ctypes, time; libc = ctypes.CDLL(None); libc.getenv.restype = ctypes.c_void_p;"
    f"ctypes.memset(libc.getenv(b'{OWNER}') - {len(OWNER) + 1}, 32, {len(OWNER) + 1}); "
    "open('ready', 'w').close(); time.sleep(60)"
)


async def start(mark: str, directory: Path, code: str = SLEEP) -> tuple[Child, psutil.Process]:
    """Start the code; return it, and the process that runs it."""
    child = await launch(
        [sys.executable, "-c", code],
        env={**os.environ, "LIVEBURST_MARK": mark},
        cwd=directory,
    )
    assert await until_async(lambda: len(marked(mark)) == 3)
    if code == TITLED:
        assert await until_async((directory / "ready").exists)
    (command,) = psutil.Process(child.command_root).children()
    return child, command


def has_ended(process: psutil.Process) -> bool:
    """Return True if the process has ended, reaped by its new parent or not yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("code", [SLEEP, TITLED])
async def test_both_killed_are_missed_by_the_starter(code: str, mark: str, tmp_path: Path) -> None:
    child, command = await start(mark, tmp_path, code)
    inner = child.command_root
    for pid in (child.guard_pid, inner):
        os.kill(pid, signal.SIGSTOP)
    for pid in (child.guard_pid, inner):
        os.kill(pid, signal.SIGKILL)
    assert await child.wait() == 137
    assert until(lambda: has_ended(command))
    assert not marked(mark)


@pytest.mark.parametrize("which", ["outer", "inner", "both"])
async def test_a_stopped_guard_cannot_keep_its_command(
    which: str, mark: str, tmp_path: Path
) -> None:
    child, command = await start(mark, tmp_path)
    stopped = {"outer": [child.guard_pid], "inner": [child.command_root]}
    for pid in stopped.get(which, [child.guard_pid, child.command_root]):
        os.kill(pid, signal.SIGSTOP)
    if which == "outer":
        assert STOP_TIMEOUT_S < 5
        await child.stop()
    else:
        child.kill()
    assert await until_async(lambda: not marked(mark), 5)
    assert has_ended(command)


@pytest.mark.parametrize("which", ["outer", "inner", "command"])
async def test_a_stopped_process_is_noticed(which: str, mark: str, tmp_path: Path) -> None:
    child, command = await start(mark, tmp_path)
    assert not child.suspended
    pids = {"outer": child.guard_pid, "inner": child.command_root, "command": command.pid}
    os.kill(pids[which], signal.SIGSTOP)
    assert await until_async(lambda: child.suspended)
    os.kill(pids[which], signal.SIGCONT)
    assert await until_async(lambda: not child.suspended)
    await child.stop()


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A home of the test's own, for other tests of this user have orphans, too."""
    monkeypatch.setenv("LIVEBURST_HOME", str(tmp_path / "home"))


@contextmanager
def owned(owner: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", SLEEP], env={OWNER: owner}) as process:
        try:
            yield process
        finally:
            process.kill()


def mark_of(owner: Owner) -> str:
    """Return a mark by that owner, for the home of this test."""
    home_mark = new_mark().rpartition(":")[2]
    return f"{owner.namespace}:{owner.pid}:{owner.started}:1:{home_mark}"


def test_a_start_ends_what_a_killed_process_left() -> None:
    here = Owner.here()
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    with owned(mark_of(Owner(here.namespace, ended.pid, here.started))) as orphan:
        assert end_orphans() == 1
        assert orphan.wait(30) == -signal.SIGKILL


def test_an_orphan_is_told_by_its_owners_start_time() -> None:
    here = Owner.here()
    with owned(mark_of(Owner(here.namespace, here.pid, here.started - 1))) as orphan:
        assert end_orphans() == 1
        assert orphan.wait(30) == -signal.SIGKILL


def test_an_orphan_is_ended_by_a_start_with_its_own_home_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIVEBURST_HOME", str(tmp_path / "a"))
    here = Owner.here()
    with owned(mark_of(Owner(here.namespace, here.pid, here.started - 1))) as left:
        monkeypatch.setenv("LIVEBURST_HOME", str(tmp_path / "b"))
        assert end_orphans() == 0
        assert left.poll() is None
        monkeypatch.setenv("LIVEBURST_HOME", str(tmp_path / "a"))
        assert end_orphans() == 1
        assert left.wait(30) == -signal.SIGKILL


@pytest.mark.parametrize("foreign", ["alive", "other namespace", "no mark", "nonsense"])
def test_no_other_process_is_ended(foreign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Owner.here()
    owner = {
        "alive": mark_of(here),
        "other namespace": mark_of(Owner(here.namespace + 1, 2**22 + 1, 5)),
        "no mark": "",
        "nonsense": "a:b:c",
    }[foreign]
    with owned(owner) as process:
        assert end_orphans() == 0
        assert process.poll() is None
        monkeypatch.setattr(os, "getuid", lambda: 54321)  # the process is another user's
        monkeypatch.setattr(Owner, "ended", True)
        assert orphans.end_orphans() == 0
