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
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO, Any

_GUARD = Path(__file__).with_name("guard.py")
_POLL_S = 0.05  # where the system has no pidfd
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


def start_spawner_thread() -> None:
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
        """End it and everything below it at once, without waiting; harmless when it is gone."""
        if self.status is None:
            self._let_go()
            _collect(self._process)

    async def stop(self) -> None:
        """Ask it to end and wait until it has; when cancelled, kill it."""
        try:
            self.terminate()
            await self.wait()
        finally:
            self.kill()

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
    options = ["--cores", ",".join(map(str, cores))] if cores else []
    options += [] if stdin_fd is None else ["--stdin", str(stdin_fd)]
    reading, lifeline = os.pipe()
    start = partial(
        _popen,
        [sys.executable, "-I", "-S", str(_GUARD), *options, "--", *command],
        env=dict(env),
        cwd=cwd,
        stdin=reading,
        stdout=stdout,
        stderr=stderr,
        pass_fds=[*pass_fds, *([] if stdin_fd is None else [stdin_fd])],
    )
    try:
        process = await _in_the_spawner(start)
    except BaseException:
        os.close(lifeline)  # a child that started nevertheless ends at once
        raise
    finally:
        os.close(reading)
    return Child(process, lifeline)


async def _in_the_spawner(
    start: Callable[[], subprocess.Popen[bytes]],
) -> subprocess.Popen[bytes]:
    """Start a child in the thread for it.

    Who is cancelled meanwhile is so only when the child has its descriptors: closed sooner,
    they could be somebody else's by then. That takes milliseconds.
    """
    starting = asyncio.get_running_loop().run_in_executor(_spawner, start)
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait({starting})
        if starting.exception() is None:
            _collect(starting.result())
        raise


def _popen(command: list[str], **more: Any) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C in our terminal is ours to handle, and not the child's.
    return subprocess.Popen(command, start_new_session=True, **more)


def _collect(process: subprocess.Popen[bytes]) -> None:
    """Reap a process that is about to end, whether or not anybody waits for it."""
    threading.Thread(target=process.wait, name="collector", daemon=True).start()


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
