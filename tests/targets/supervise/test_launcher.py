"""Starting a command: what it inherits, and that it ends with us."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dashboard.targets.supervise import umask
from dashboard.targets.supervise.cores import Cores
from dashboard.targets.supervise.launcher import Child, launch
from tests.targets.helpers import ROOT, descriptors, marked, until, until_async


async def start(code: str, mark: str, output: Path) -> Child:
    with output.open("wb") as stdout:
        return await launch(
            [sys.executable, "-c", code],
            env={**os.environ, "LIVEBURST_MARK": mark},
            stdout=stdout,
            stderr=stdout,
        )


async def test_a_child_gets_what_it_is_given(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"plan")
    os.close(writing)
    output = tmp_path / "out"
    with output.open("wb") as stdout:
        child = await launch(
            [sys.executable, "-c", "import os, sys; print(sys.stdin.read(), os.environ['A'])"],
            env={"A": "B"},
            cwd=tmp_path,
            stdout=stdout,
            stdin_fd=reading,
        )
    os.close(reading)
    assert await child.wait() == 0
    assert output.read_text() == "plan B\n"


async def test_stop_ends_it_and_leaves_no_descriptor(mark: str, tmp_path: Path) -> None:
    before = descriptors()
    child = await start("import time; time.sleep(60)", mark, tmp_path / "out")
    assert child.status is None
    await child.stop()
    assert child.status == 143  # it was asked to
    assert descriptors() == before
    assert not marked(mark)


async def test_kill_ends_it_at_once(mark: str, tmp_path: Path) -> None:
    child = await start("import time; time.sleep(60)", mark, tmp_path / "out")
    assert await until_async(lambda: len(marked(mark)) == 3)  # both of the guard
    child.kill()
    assert await child.wait() == 137
    assert not marked(mark)


async def test_a_killed_child_is_reaped_without_a_wait(mark: str, tmp_path: Path) -> None:
    child = await start("import time; time.sleep(60)", mark, tmp_path / "out")
    pid = child.guard_pid
    child.kill()
    del child  # a Popen that was not waited for would warn here
    assert await until_async(lambda: not psutil.pid_exists(pid))


async def test_a_cancelled_launch_leaves_nothing(mark: str, tmp_path: Path) -> None:
    before = descriptors()
    task = asyncio.create_task(start("import time; time.sleep(60)", mark, tmp_path / "out"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await until_async(lambda: not marked(mark))
    assert descriptors() <= before + 1  # the spawner's thread may hold its own for a moment


async def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    before = descriptors()
    with pytest.raises(FileNotFoundError):
        await launch(["true"], env={}, cwd=tmp_path / "nowhere")
    assert descriptors() == before


SETTLED = """
import asyncio, os, sys
from dashboard.targets.supervise import umask
from dashboard.targets.supervise.cores import Cores
from dashboard.targets.supervise.launcher import launch

async def main():
    cores = Cores.here()
    cores.settle_here()
    print(os.sched_getscheduler(0) == os.SCHED_IDLE, sorted(os.sched_getaffinity(0)), flush=True)
    code = "import os; print(os.sched_getscheduler(0), sorted(os.sched_getaffinity(0)))"
    child = await launch([sys.executable, "-c", code], env=os.environ, cores=cores.targets)
    await child.wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has SCHED_IDLE and affinity")
def test_children_keep_policy_and_cores_of_before_settle_here() -> None:
    cores = Cores.here()
    done = subprocess.run(
        [sys.executable, "-c", SETTLED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    ours, childs = done.stdout.splitlines()
    anywhere = tuple(sorted(os.sched_getaffinity(0)))
    assert ours == f"{cores.idle} {list(cores.dashboard or anywhere)}"
    assert childs == f"{os.SCHED_OTHER} {list(cores.targets or anywhere)}"


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        ([], Cores()),
        ([3], Cores()),
        ([1, 0], Cores((1,), (0,), (0,), idle=True)),
        ([0, 1, 2], Cores((2,), (0,), (0,), idle=True)),
        ([4, 5, 6, 7, 8], Cores((8,), (4,), (5,))),
        (list(range(8)), Cores((7,), (0, 1), (2,))),
        (list(range(64)), Cores((63,), (0, 1, 2, 3), (4,))),
    ],
)
def test_cores_are_shared_out_as_method_md_describes(available: list[int], expected: Cores) -> None:
    assert Cores.of(available) == expected


def test_until_gives_up() -> None:
    assert not until(lambda: False, 0.01)


async def test_a_project_writes_with_the_users_umask(
    mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although what Liveburst itself writes is for its owner only."""
    monkeypatch.setattr(umask, "_users", umask.INHERITED)
    before = os.umask(0o026)
    try:
        umask.restrict_umask()
        child = await start("import os; print(oct(os.umask(0)))", mark, tmp_path / "out")
        (tmp_path / "ours").touch()
        with umask.writing_for_the_user():
            (tmp_path / "named").touch()
        assert await child.wait() == 0
    finally:
        os.umask(before)
    assert (tmp_path / "out").read_text() == "0o26\n"
    assert (tmp_path / "ours").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "named").stat().st_mode & 0o777 == 0o640
