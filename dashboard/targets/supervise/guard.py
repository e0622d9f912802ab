"""Run one command and end everything below it when the starter ends: a script of its own.

    python guard.py [--cores 1,2] [--stdin FD] -- COMMAND…

It is the process between a starter and its child, and needs the standard library alone. Its
stdin is the lifeline, a pipe whose other end the starter holds: when that end closes, however
the starter ended, everything below this process is killed and reaped, re-parented
grandchildren too (it is their subreaper). It does the same when the command ends by itself,
and then exits with the command's status. SIGTERM is passed on to the command, which has
GRACE_S to end. The command's stdin is the inherited descriptor FD, or /dev/null. The guard
sleeps without a single wake-up until something happens.

PR_SET_PDEATHSIG is no alternative: it leaves a server's workers behind, and it fires when the
*thread* that started the child ends. Without /proc, the command's process group is killed.
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
CANNOT_START = 127  # a shell's status for a command that does not exist
KILLED = 128 + signal.SIGKILL
END_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    """Start the command, wait until it or the lifeline ends, and leave no process behind."""
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
    """Return a pipe that receives a byte for each signal, so that poll() sees signals too."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    for number in (signal.SIGCHLD, *END_SIGNALS):
        signal.signal(number, lambda number, frame: None)
    return reading, writing


def _start(command: list[str], stdin: "str | None") -> int:
    """Start the command with its stdin replaced, and return its process id; raises OSError."""
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
    """Close what only the child needs: a listening socket held here would keep its port."""
    for name in os.listdir("/dev/fd"):
        if int(name) not in keep:
            with contextlib.suppress(OSError):  # the descriptor that listed them
                os.close(int(name))


def _watch(child: int, signals: int) -> int:
    """Wait for the end of the child, the lifeline or the grace period; return the status."""
    poller = select.poll()
    poller.register(LIFELINE, select.POLLIN)
    poller.register(signals, select.POLLIN)
    deadline = None
    while True:
        left_ms = None if deadline is None else 1000 * max(0.0, deadline - time.monotonic())
        ready = [descriptor for descriptor, _ in poller.poll(left_ms)]
        if not ready or (LIFELINE in ready and not os.read(LIFELINE, 64)):
            return KILLED
        if signals in ready and set(os.read(signals, 64)) & set(END_SIGNALS):
            deadline = deadline or time.monotonic() + GRACE_S
            _signal(child, signal.SIGTERM)
        status = _reap().get(child)
        if status is not None:
            return status


def _reap() -> dict[int, int]:
    """Reap the ended processes below this one; return their statuses, as a shell gives them."""
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
    """Kill until no process is left. Those orphaned by a kill become children of this one."""
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
        with contextlib.suppress(OSError):  # the child has ended, its group may not have
            os.killpg(child, signal.SIGKILL)


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _descendants() -> Iterator[int]:
    """Yield the ids of all processes below this one, from /proc."""
    parents = dict(_parents())
    below = {os.getpid()}
    while True:
        children = {process for process, parent in parents.items() if parent in below} - below
        if not children:
            return
        below |= children
        yield from children


def _parents() -> Iterator[tuple[int, int]]:
    """Yield each process of the system and its parent."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:
                # The command, in brackets, may contain spaces and brackets itself.
                yield int(name), int(stat.read().rpartition(b")")[2].split()[1])


def _signal(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
