"""Run one command and end everything below it when the starter ends: a script of its own.

    python guard.py [--cores 1,2] [--stdin FD] [--log-limit BYTES] -- COMMAND…

It is the process between a starter and its child, and needs the standard library alone. Its
stdin is the lifeline, a pipe whose other end the starter holds: when that end closes, however
the starter ended, everything below this process is killed and reaped, re-parented
grandchildren too (it is their subreaper). It does the same when the command ends by itself,
and then exits with the command's status. SIGTERM is passed on to the command, which has
GRACE_S to end. The command's stdin is the inherited descriptor FD, or /dev/null. A log on
stdout or stderr is cut at BYTES, see `log_ring`. The guard sleeps without a single wake-up until
something happens.

On Linux it is two processes, so that `kill -9` of either, as by the OOM killer, leaves nothing:
the outer guard starts the inner guard, which starts the command. If the inner one is killed, the
outer one inherits and kills what was below; if the outer one is killed, a pipe that only it
holds closes, and the inner one kills what is below it. What a stopped one (SIGSTOP) cannot do,
the other does. For both at once see `orphans`.

PR_SET_PDEATHSIG is no alternative: it leaves a server's workers behind, and it fires when the
*thread* that started the child ends. Nor is a cgroup: only where one is delegated may a process
without privileges make one, and it too needs a process that outlives the guard to empty it.
Without /proc, the command's process group is killed, and there is one process.
"""

# Importing pathlib would double the time that this takes to start.
# ruff: noqa: PTH100, PTH120, PTH123, PTH208

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Iterator

# Isolated, the interpreter finds neither us nor anything else that is installed.
_ROOT = os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
)
sys.path.append(_ROOT)

from dashboard.targets.supervise.log_ring import LogRing  # noqa: E402

GRACE_S = 2.5  # SIGTERM took servers up to 2.4 s
OUTER_MARGIN_S = 0.2  # that the outer guard waits longer, for an inner one that is stopped
GUARD_KILLED = "Liveburst: the guard of this process was killed, so this process was ended."
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
    ring = LogRing((1, 2), int(options.get("--log-limit", 0)))
    signals = _signals_as_bytes()
    if not LINUX:
        return _run(command, options, signals, _Watch(signals, ring=ring))
    alive_read, alive_write = os.pipe()
    outer = os.getpid()
    inner = os.fork()
    if inner == 0:
        os.close(alive_write)
        os.setpgid(0, 0)  # a signal to the outer guard's group spares this one
        signals = _signals_as_bytes()
        watch = _Watch(signals, outer=outer, outer_alive=alive_read)
        return _run(command, options, signals, watch)
    os.close(alive_read)
    return _run_guarded(inner, signals, ring, alive_write)


def _run_guarded(inner: int, signals: tuple[int, int], ring: LogRing, alive: int) -> int:
    """Be the outer guard: wait for the inner one, and end what a killed one leaves."""
    _become_subreaper()
    _close_all_but(LIFELINE, 1, 2, *signals, alive, *ring.descriptors)
    status = _Watch(signals, ring=ring, grace_s=GRACE_S + OUTER_MARGIN_S).status_of(inner)
    _end_everything_below(inner)
    if status < 0:
        _report_killed_guard()
    return _as_a_shell(status)


def _run(
    command: list[str], options: dict[str, str], signals: tuple[int, int], watch: "_Watch"
) -> int:
    """Start the command and wait for its end; the only guard, or the inner one."""
    if LINUX:
        _become_subreaper()
        if "--cores" in options:
            os.sched_setaffinity(0, [int(core) for core in options["--cores"].split(",")])
    try:
        child = _start(command, options.get("--stdin"))
    except OSError as error:
        print(f"cannot start {command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        return CANNOT_START
    _close_all_but(LIFELINE, 1, 2, *signals, *watch.descriptors)
    status = watch.status_of(child)
    _end_everything_below(child)
    if watch.starter_ended:
        watch.kill_outer()  # it may be stopped
    return _as_a_shell(status)


def _become_subreaper() -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _report_killed_guard() -> None:
    with contextlib.suppress(OSError):  # the disk is full, or the reader has ended
        print(GUARD_KILLED, file=sys.stderr, flush=True)


def _as_a_shell(status: int) -> int:
    """Return a status as a shell gives it: 137 for a process that was killed."""
    return status if status >= 0 else 128 - status


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


class _Watch:
    """Waits for the end of one child, the lifeline, the outer guard or the grace period.

    `outer_alive` is a pipe that closes when the process `outer` ends; `ring` is looked after
    meanwhile.
    """

    def __init__(
        self,
        signals: tuple[int, int],
        *,
        ring: "LogRing | None" = None,
        outer: int = 0,
        outer_alive: "int | None" = None,
        grace_s: float = GRACE_S,
    ) -> None:
        self.starter_ended = False
        self._signals = signals[0]
        self._ring = ring
        self._outer, self._outer_alive = outer, outer_alive
        self._grace_s = grace_s
        self._deadline: float | None = None
        self._poller = select.poll()
        for descriptor in (LIFELINE, self._signals, *self.descriptors):
            self._poller.register(descriptor, select.POLLIN)

    @property
    def descriptors(self) -> list[int]:
        """The descriptors that it needs besides the lifeline and the signals."""
        alive = [] if self._outer_alive is None else [self._outer_alive]
        return [*alive, *(self._ring.descriptors if self._ring else [])]

    def status_of(self, child: int) -> int:
        """Return the child's exit status, negative for a signal; KILLED if it must be ended."""
        while True:
            ready = [descriptor for descriptor, _ in self._poller.poll(self._timeout_ms())]
            if self._must_end(ready):
                return KILLED
            if self._signals in ready and set(os.read(self._signals, 64)) & set(END_SIGNALS):
                self._deadline = self._deadline or time.monotonic() + self._grace_s
                _signal(child, signal.SIGTERM)
            if self._ring:
                self._ring.look(ready)
            status = _reap().get(child)
            if status is not None:
                return status

    def kill_outer(self) -> None:
        """Kill the outer guard, if it still is this process's parent."""
        if self._outer and os.getppid() == self._outer:
            _signal(self._outer, signal.SIGKILL)

    def _must_end(self, ready: list[int]) -> bool:
        """Return whether the grace period, the starter or the outer guard has ended."""
        if LIFELINE in ready and not os.read(LIFELINE, 64):
            self.starter_ended = True
            return True
        if self._outer_alive in ready:
            _report_killed_guard()
            return True
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _timeout_ms(self) -> "float | None":
        """Return until when nothing needs to be done (ms); None for ever."""
        waits_s = [self._ring.next_look_s if self._ring else None]
        if self._deadline is not None:
            waits_s.append(max(0.0, self._deadline - time.monotonic()))
        return min((1000 * wait_s for wait_s in waits_s if wait_s is not None), default=None)


def _reap() -> dict[int, int]:
    """Reap the ended processes below this one; return their statuses, negative for a signal."""
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                break
            ended[process] = os.waitstatus_to_exitcode(status)
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
