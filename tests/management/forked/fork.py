"""A command as a fork of the starter, handled as if it were a child: by what `Popen` offers."""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[3]
_STARTING = threading.Lock()  # commands may be started by several threads


class Fork(subprocess.Popen[str]):
    """`python manage.py ARGUMENTS…` with this environment and no other, in a session of its own.

    The starter is its parent and tells its status. stdout can be read, as can stderr unless it is
    written to a file.
    """

    def __init__(
        self, arguments: Sequence[str], env: Mapping[str, str], stderr: IO[str] | None = None
    ) -> None:
        self.args = list(arguments)
        self.stdin = None
        self.returncode = None
        self.text_mode = True
        self._communication_started = False
        self._input = None
        self._sigint_wait_secs = 0
        nothing = os.open(os.devnull, os.O_RDONLY)
        out_read, out_write = os.pipe()
        if stderr is None:
            error_read, error_write = os.pipe()
            self.stderr = os.fdopen(error_read, encoding="utf-8")
        else:
            error_write, self.stderr = os.dup(stderr.fileno()), None
        status_read, status_write = os.pipe()
        passed = (nothing, out_write, error_write, status_write)
        request = json.dumps({"arguments": list(arguments), "env": dict(env)})
        with _STARTING:
            starter = _starter()
        socket.send_fds(starter, [request.encode()], passed)
        for descriptor in passed:
            os.close(descriptor)
        self.stdout = os.fdopen(out_read, encoding="utf-8")
        self._status = os.fdopen(status_read, "rb", buffering=0)
        self._told = b""
        self.pid = int(self._next_line())

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while the command runs."""
        if self.returncode is None and self._has_ended(0):
            self._end()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and return the exit status. Raises TimeoutExpired."""
        if self.returncode is None:
            if not self._has_ended(timeout):
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self._end()
        assert self.returncode is not None
        return self.returncode

    def _has_ended(self, timeout_s: float | None) -> bool:
        poller = select.poll()
        poller.register(self._status, select.POLLIN)
        return bool(poller.poll(None if timeout_s is None else max(0, 1000 * timeout_s)))

    def _end(self) -> None:
        self.returncode = int(self._next_line())
        self._status.close()

    def _next_line(self) -> bytes:
        while b"\n" not in self._told:
            read = self._status.read(64)
            assert read, "the starter has ended"
            self._told += read
        line, _, self._told = self._told.partition(b"\n")
        return line


@cache
def _starter() -> socket.socket:
    """Return the socket of the process that commands are forked from, started upon first use."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.management.forked.starter", str(theirs.fileno())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    assert ours.recv(16) == b"ready"
    return ours
