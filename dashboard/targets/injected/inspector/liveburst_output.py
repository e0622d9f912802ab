"""Writes the inspector's results to a separate file, as soon as they are known.

One JSON object per line; later lines add to earlier ones, so that whatever ends the process (an
`os._exit` in a settings module, a timeout, a signal) loses only what was not known yet. The
project's own output does not go there. Standard library, Python 3.9.

    {"step": "settings"}                      what is done from now on
    {"debug": true, "routes": [...], ...}     what was found
    {"failed": {"error": "…", "cause": "…", "at": {"file", "line", "function", "code"},
                "exits": false}}              why no more was found; `exits`: by ending the process
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from liveburst_errors import describe, is_inside, place

_exit_now = os._exit
_sleep = time.sleep  # before the project can patch it


class Output:
    """The file that the inspector's starter reads. `root` is the project's top directory."""

    def __init__(self, path: str, root: str) -> None:
        self._path, self._root = path, root
        self._pid = os.getpid()

    def add(self, **findings: Any) -> None:
        """Write another line; the file is opened anew, since a project may close descriptors."""
        with Path(self._path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(findings, default=str) + "\n")

    def fail(self, error: BaseException) -> NoReturn:
        """Write why nothing more will be found, and end the process."""
        self.add(failed=self.describe(error))
        self.end()

    def end(self) -> NoReturn:
        """End the process at once, without `atexit` and without waiting for threads."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):  # the project may have closed or replaced it
                stream.flush()
        _exit_now(0)

    def describe(self, error: BaseException) -> dict[str, Any]:
        """Return an exception as plain values."""
        return describe(error, self._root)

    def watch(self, timeout_s: float) -> None:
        """From now on, write where the project is when it exits by itself or takes too long."""
        os._exit = self._exiting
        waiting = threading.Thread(target=self._time_out, args=(timeout_s,), daemon=True)
        waiting.start()

    def _exiting(self, status: int) -> NoReturn:
        if os.getpid() == self._pid:  # and not a process that the project forked
            self._stopped(f"os._exit({status}) was called", inspect.currentframe())
        _exit_now(status)

    def _time_out(self, timeout_s: float) -> None:
        main = threading.main_thread().ident
        _sleep(timeout_s)
        frame = sys._current_frames().get(main or 0)  # noqa: SLF001, it is the documented way
        self._stopped(f"it was not done after {timeout_s:g} s", frame)
        self.end()

    def _stopped(self, reason: str, frame: FrameType | None) -> None:
        frames = reversed(traceback.extract_stack(frame)) if frame else ()
        own = next((summary for summary in frames if is_inside(summary.filename, self._root)), None)
        at = own and place(own.filename, own.lineno, own.name)
        self.add(failed={"error": reason, "cause": None, "at": at, "exits": True})


def guarded(output: Output, work: Callable[[], None]) -> NoReturn:
    """Do the work and end the process; whatever it raises is written, and never printed."""
    try:
        work()
    except BaseException as error:
        output.fail(error)
    output.end()
