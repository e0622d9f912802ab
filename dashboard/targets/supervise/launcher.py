"""Start commands through the guard, so that they end when this process does, however it ends.

Scheduling policy and affinity belong to a thread and are inherited by its children, and only
root can leave SCHED_IDLE again. So all children are started by one thread that was started
before `Cores.settle_here` changed the others.

What a killed guard leaves is ended by its other process (`guard`), or else here (`orphans`).
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
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any

import psutil

from dashboard.targets.observe.proc_stats import process_tree

from .log_files import log_limit_bytes
from .orphans import OWNER, end_start, new_mark
from .umask import users_umask

_GUARD = Path(__file__).with_name("guard.py")
LINUX = sys.platform == "linux"
_POLL_S = 0.05  # where the system has no pidfd
STOP_TIMEOUT_S = 4.0  # longer than the guard's grace period: a stopped guard (SIGSTOP) has none
KILL_TIMEOUT_S = 2.0  # for a guard to end once its lifeline is closed
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


def start_spawner_thread() -> None:
    """Start the thread that starts the children; it keeps the present scheduling policy."""
    _spawner.submit(int).result()


class Child:
    """A command under its guard. It ends at the latest when this object's lifeline is closed."""

    def __init__(self, process: subprocess.Popen[bytes], lifeline: int, mark: str) -> None:
        self._process = process
        self._lifeline: int | None = lifeline
        self._mark = mark

    @property
    def guard_pid(self) -> int:
        """The (outer) guard's process id; the command's processes are below it."""
        return self._process.pid

    @cached_property
    def command_root(self) -> int:
        """The id of the process, itself part of the guard, that has the command's alone below."""
        with contextlib.suppress(psutil.Error):
            for inner in psutil.Process(self.guard_pid).children() if LINUX else []:
                return inner.pid
        return self.guard_pid

    @property
    def status(self) -> int | None:
        """The command's exit status as a shell gives it (137: killed); None while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        if status < 0 and self._lifeline is not None:
            # A signal ended the guard itself: its other process has ended the rest, unless it
            # was killed, too.
            end_start(self._mark, self._process.pid)
        self._close_lifeline()
        return status if status >= 0 else 128 - status

    @property
    def suspended(self) -> bool:
        """True if a process of the guard or of the command is stopped (SIGSTOP, Ctrl-Z)."""
        return any(map(_is_stopped, (self.guard_pid, *process_tree(self.guard_pid))))

    async def wait(self) -> int:
        """Wait until the command and everything below it has ended; return its status."""
        while (status := self.status) is None:
            await _exited(self._process.pid)
        return status

    def terminate(self) -> None:
        """Send it SIGTERM; what is left after the guard's grace period is killed."""
        if self.status is None:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it and everything below it, without waiting; does nothing once it has ended."""
        if self.status is None:
            self._close_lifeline()
            _reap(self._process, self._mark)

    async def stop(self) -> None:
        """Terminate it and wait until it has ended; when cancelled or too late, kill it."""
        try:
            self.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await self.wait()
        finally:
            self.kill()
        await self.wait()

    def _close_lifeline(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None


def _is_stopped(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    return False


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

    It inherits `pass_fds`, and `stdin_fd` as its stdin (None: /dev/null); the caller closes its
    own copies. A command that does not exist ends with status 127 and a message on stderr.
    """
    reading, lifeline = os.pipe()
    mark = new_mark()
    start = partial(
        _popen,
        _guarded(command, cores, stdin_fd),
        env={**env, OWNER: mark},
        cwd=cwd,
        stdin=reading,
        stdout=stdout,
        stderr=stderr,
        pass_fds=[*pass_fds, *([] if stdin_fd is None else [stdin_fd])],
    )
    try:
        process = await _start(start, lifeline)
    finally:
        os.close(reading)
    return Child(process, lifeline, mark)


def _guarded(command: Sequence[str], cores: Sequence[int], stdin_fd: int | None) -> list[str]:
    """Return the command line of the guard that runs `command`."""
    options = ["--cores", ",".join(map(str, cores))] if cores else []
    options += [] if stdin_fd is None else ["--stdin", str(stdin_fd)]
    options += ["--log-limit", str(log_limit_bytes())]
    return [sys.executable, "-I", "-S", str(_GUARD), *options, "--", *command]


async def _start(
    start: Callable[[], subprocess.Popen[bytes]], lifeline: int
) -> subprocess.Popen[bytes]:
    """Start a child; if that fails, close its lifeline."""
    try:
        return await _in_spawner_thread(start)
    except BaseException:
        os.close(lifeline)  # a child that started nevertheless ends at once
        raise


async def _in_spawner_thread(
    start: Callable[[], subprocess.Popen[bytes]],
) -> subprocess.Popen[bytes]:
    """Start a child in the spawner thread.

    Cancellation is deferred until the child has its descriptors: closed earlier, their numbers
    could have been reused by then. That takes milliseconds.
    """
    starting = asyncio.get_running_loop().run_in_executor(_spawner, start)
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait({starting})
        if starting.exception() is None:
            _reap(starting.result(), "")
        raise


def _popen(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    # In a session of its own, so that Ctrl-C in our terminal does not reach the child.
    return subprocess.Popen(command, start_new_session=True, umask=users_umask(), **options)


def _reap(process: subprocess.Popen[bytes], mark: str) -> None:
    """Reap a process that is about to end, in a thread, so that the caller need not wait."""

    def wait() -> None:
        try:
            process.wait(KILL_TIMEOUT_S)
        except subprocess.TimeoutExpired:  # both processes of the guard are stopped
            process.kill()
            process.wait()
            end_start(mark, process.pid)

    threading.Thread(target=wait, name="reaper", daemon=True).start()


async def _exited(pid: int) -> None:
    """Wait until a child has ended: by a pidfd without waking up, or else _POLL_S at most."""
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
