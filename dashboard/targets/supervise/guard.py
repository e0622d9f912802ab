"""Starts one command and outlives nobody: a process of its own, between us and each child.

    python guard.py [--cores 1,2] [--stdin FD] -- COMMAND…

Standard library alone, run as a script. Its stdin is the lifeline, a pipe whose other end
the starter holds: when that end closes, however the starter ended, everything below this
process is killed and reaped, re-parented grandchildren too (it is their subreaper). It
does the same when the command ends by itself, and then ends with the command's status.
On SIGTERM the command is asked to end, and is given GRACE_S for it. The command's stdin is
the inherited descriptor FD, or nothing. While nothing happens the guard sleeps without a
single wake-up.

PR_SET_PDEATHSIG would not do: it leaves a server's workers behind, and it fires when the
*thread* that started the child ends. Where there is no /proc, the command's process group
is what is killed.
"""

# Importing pathlib would double the time that this takes to start.
# ruff: noqa: PTH123, PTH208

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Iterator

GRACE_S = 2.5  # SIGTERM took servers up to 2.4 s
LIFELINE = 0
PR_SET_CHILD_SUBREAPER = 36
LINUX = sys.platform == "linux"
CANNOT_START = 127  # what a shell says of a command that is not there
KILLED = 128 + signal.SIGKILL
POLITE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    """Start the command, wait for its end or that of the lifeline, and leave nothing behind."""
    end = arguments.index("--")
    options = dict(zip(arguments[:end:2], arguments[1:end:2], strict=True))
    command = arguments[end + 1 :]
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if LINUX and "--cores" in options:
        os.sched_setaffinity(0, [int(core) for core in options["--cores"].split(",")])
    signals = _signals_as_bytes()
    try:
        child = _start(command, options.get("--stdin"))
    except OSError as error:
        print(f"cannot start {command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        return CANNOT_START
    _close_all_but(LIFELINE, 1, 2, *signals)
    status = _watch(child, signals[0])
    _end_everything_below(child)
    return status


def _signals_as_bytes() -> tuple[int, int]:
    """A pipe: each signal that arrives is a byte in it, so that poll() sees signals too."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    for number in (signal.SIGCHLD, *POLITE):
        signal.signal(number, lambda number, frame: None)
    return reading, writing


def _start(command: list[str], stdin: "str | None") -> int:
    """Start the command, its stdin replaced; raises OSError. Returns its process id."""
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]]
    if stdin is None:
        actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    else:
        actions = [(os.POSIX_SPAWN_DUP2, int(stdin), 0), (os.POSIX_SPAWN_CLOSE, int(stdin))]
    return os.posix_spawnp(
        command[0],
        command,
        os.environ,
        file_actions=actions,
        setsigdef=[signal.SIGPIPE],  # Python ignores it, and a child would inherit that
        setpgroup=0,
    )


def _close_all_but(*keep: int) -> None:
    """Let go of what only the child needs: a listening socket held here would keep its port."""
    for name in os.listdir("/dev/fd"):
        if int(name) not in keep:
            with contextlib.suppress(OSError):  # the descriptor that listed them
                os.close(int(name))


def _watch(child: int, signals: int) -> int:
    """Wait for the end of the child, of the lifeline, or of the grace period; the status."""
    poller = select.poll()
    poller.register(LIFELINE, select.POLLIN)
    poller.register(signals, select.POLLIN)
    deadline = None
    while True:
        left_ms = None if deadline is None else 1000 * max(0.0, deadline - time.monotonic())
        ready = [descriptor for descriptor, _ in poller.poll(left_ms)]
        if not ready or (LIFELINE in ready and not os.read(LIFELINE, 64)):
            return KILLED
        if signals in ready and set(os.read(signals, 64)) & set(POLITE):
            deadline = deadline or time.monotonic() + GRACE_S
            _signal(child, signal.SIGTERM)
        status = _reap().get(child)
        if status is not None:
            return status


def _reap() -> dict[int, int]:
    """Everyone below us who has ended, with their status as a shell would give it."""
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                break
            code = os.waitstatus_to_exitcode(status)
            ended[process] = code if code >= 0 else 128 - code
    return ended


def _end_everything_below(child: int) -> None:
    """Kill until nobody is left. Whoever is orphaned by it becomes our child, and is next."""
    while _has_children():
        if LINUX:
            for process in _descendants():
                _signal(process, signal.SIGKILL)
        else:
            with contextlib.suppress(OSError):
                os.killpg(child, signal.SIGKILL)
        _reap()
        time.sleep(0.002)
    if not LINUX:
        with contextlib.suppress(OSError):  # the child has gone, its group may not have
            os.killpg(child, signal.SIGKILL)


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _descendants() -> Iterator[int]:
    """Process ids of everyone below this process, from /proc."""
    parents = dict(_parents())
    below = {os.getpid()}
    while True:
        found = {process for process, parent in parents.items() if parent in below} - below
        if not found:
            return
        below |= found
        yield from found


def _parents() -> Iterator[tuple[int, int]]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:
                # The command, in brackets, may hold spaces and brackets itself.
                yield int(name), int(stat.read().rpartition(b")")[2].split()[1])


def _signal(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
