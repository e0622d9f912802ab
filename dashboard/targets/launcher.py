"""Starts a command through the guard, so that it ends when this process does, however that ends.

Scheduling policy and affinity belong to a thread and are inherited by its children, and
nobody but root leaves SCHED_IDLE again. So all children are started by one thread that
began before `Cores.settle_here` changed the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

_GUARD = Path(__file__).with_name("guard.py")
_POLL_S = 0.05  # where the system has no pidfd
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


def keep_a_normal_thread() -> None:
    """Begin the thread that starts the children; it keeps the policy that we have now."""
    _spawner.submit(int).result()


class Child:
    """A command under its guard. It ends when this object's lifeline is closed, at the latest."""

    def __init__(self, process: subprocess.Popen[bytes], lifeline: int) -> None:
        self._process = process
        self._lifeline: int | None = lifeline

    @property
    def guard_pid(self) -> int:
        """The guard's process id; the command's own processes stand below it."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The command's exit status as a shell gives it (137: killed); None while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        self._let_go()
        # Negative: a signal ended the guard itself, before it was ready to hand it on.
        return status if status >= 0 else 128 - status

    async def wait(self) -> int:
        """Wait for the end of the command and of everything below it; its status."""
        while (status := self.status) is None:
            await _exited(self._process.pid)
        return status

    def terminate(self) -> None:
        """Ask it to end; whatever is left of it after the guard's grace is killed."""
        if self.status is None:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and everything below it at once."""
        self._let_go()

    async def stop(self) -> None:
        """Ask it to end and wait until it has; when cancelled, kill it."""
        try:
            self.terminate()
            await self.wait()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None


async def launch(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cores: Sequence[int] = (),
    cwd: Path | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    stdin_fd: int | None = None,
    pass_fds: Sequence[int] = (),
) -> Child:
    """Start a command on these cores (none: any), with this environment and no other.

    It inherits `pass_fds`, and `stdin_fd` as its stdin (without one it has nothing to read);
    the caller closes its own copies. A command that does not exist ends with status 127 and
    says so on stderr.
    """
    guard = [sys.executable, "-I", "-S", str(_GUARD)]
    if cores:
        guard += ["--cores", ",".join(map(str, cores))]
    if stdin_fd is not None:
        guard += ["--stdin", str(stdin_fd)]
    reading, lifeline = os.pipe()

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*guard, "--", *command],
            env=dict(env),
            cwd=cwd,
            stdin=reading,
            stdout=stdout,
            stderr=stderr,
            pass_fds=[*pass_fds, *([] if stdin_fd is None else [stdin_fd])],
            start_new_session=True,
        )

    starting = asyncio.get_running_loop().run_in_executor(_spawner, start)
    try:
        process = await asyncio.shield(starting)
    except BaseException:
        os.close(lifeline)  # a child that started nevertheless ends at once
        starting.add_done_callback(_reap)
        raise
    finally:
        os.close(reading)
    return Child(process, lifeline)


def _reap(starting: asyncio.Future[subprocess.Popen[bytes]]) -> None:
    """Collect a child that nobody waits for any more, in the spawner's thread."""
    if not starting.cancelled() and starting.exception() is None:
        _spawner.submit(starting.result().wait)


async def _exited(pid: int) -> None:
    """Wait until a child of ours has ended, without waking up meanwhile where that is possible."""
    if not hasattr(os, "pidfd_open"):
        await asyncio.sleep(_POLL_S)
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            loop.add_reader(descriptor, ended.set)
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
