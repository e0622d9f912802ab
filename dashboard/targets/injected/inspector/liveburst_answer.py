"""Write what the inspector finds to a file of its own, as soon as it is known.

One JSON object per line; later lines add to earlier ones, so that whatever ends the process (an
`os._exit` in a settings module, a timeout, a signal) loses only what was not known yet. The
project's own output stays out of it. Standard library, Python 3.9.

    {"step": "settings"}                      what is done from now on
    {"debug": true, "routes": [...], ...}     what was found
    {"failed": {"error": "…", "cause": "…", "at": {"file", "line", "function", "code"},
                "exits": false}}              why no more was found; `exits`: by ending the process
"""

from __future__ import annotations

import inspect
import json
import linecache
import os
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
_exit_now = os._exit
_sleep = time.sleep  # before anything patches it
MESSAGE_MOST = 2000
INSTALLED = {"site-packages", "dist-packages"}


class Answer:
    """The file that is read by whoever started the inspector. `root` is the project's top."""

    def __init__(self, path: str, root: str) -> None:
        self._path, self._root = path, root
        self._pid = os.getpid()

    def add(self, **found: Any) -> None:
        """Write another line; the file is opened anew, since a project may close descriptors."""
        with Path(self._path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(found, default=str) + "\n")

    def fail(self, error: BaseException) -> NoReturn:
        """Write why nothing more will be found, and end the process."""
        self.add(failed=described(error, self._root))
        self.end()

    def end(self) -> NoReturn:
        """End the process at once: no `atexit`, and no waiting for threads of the project."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):  # the project may have closed or replaced it
                stream.flush()
        _exit_now(0)

    def described(self, error: BaseException) -> dict[str, Any]:
        """An exception as plain values."""
        return described(error, self._root)

    def watch(self, timeout_s: float) -> None:
        """From now on, say where the project is if it exits on its own or takes too long."""
        os._exit = self._exiting
        waiting = threading.Thread(target=self._too_late, args=(timeout_s,), daemon=True)
        waiting.start()

    def _exiting(self, status: int) -> NoReturn:
        if os.getpid() == self._pid:  # and not a process that the project forked
            self._stopped(f"os._exit({status}) was called", inspect.currentframe())
        _exit_now(status)

    def _too_late(self, timeout_s: float) -> None:
        main = threading.main_thread().ident
        _sleep(timeout_s)
        frame = sys._current_frames().get(main or 0)  # noqa: SLF001, it is the documented way
        self._stopped(f"it was not done after {timeout_s:g} s", frame)
        self.end()

    def _stopped(self, why: str, frame: FrameType | None) -> None:
        frames = reversed(traceback.extract_stack(frame)) if frame else ()
        at = next((one for one in frames if self._is_own(one.filename)), None)
        where = at and place(at.filename, at.lineno, at.name)
        self.add(failed={"error": why, "cause": None, "at": where, "exits": True})

    def _is_own(self, file: str) -> bool:
        return is_inside(file, self._root)


def described(error: BaseException, root: str) -> dict[str, Any]:
    """An exception as plain values: its last line, that of its first cause, its frame in `root`."""
    chain = list(causes(error))
    first = chain[-1]
    return {
        "error": last_line(error),
        "cause": last_line(first) if first is not error else None,
        "at": next((at for at in (frame_of(one, root) for one in reversed(chain)) if at), None),
        "exits": isinstance(error, SystemExit),
    }


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and those that it was raised from, the first cause last."""
    seen: list[BaseException] = []
    below: BaseException | None = error
    while below is not None and below not in seen:
        seen.append(below)
        yield below
        hidden = None if below.__suppress_context__ else below.__context__
        below = below.__cause__ or hidden


def last_line(error: BaseException) -> str:
    """What Python prints of an exception below its traceback."""
    if isinstance(error, SystemExit):
        return f"it exited with status {error.code!r}"
    if type(error).__module__.startswith("liveburst_"):  # ours, and a whole sentence
        return str(error)
    lines = traceback.format_exception_only(type(error), error)
    return "".join(lines[-1:] if isinstance(error, SyntaxError) else lines).strip()[:MESSAGE_MOST]


def frame_of(error: BaseException, root: str) -> dict[str, Any] | None:
    """The innermost frame of an exception that is in the project; None if there is none."""
    if isinstance(error, SyntaxError) and is_inside(error.filename or "", root):
        return place(str(error.filename), error.lineno or 0, "")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_inside(frame.filename, root)]
    return place(own[-1].filename, own[-1].lineno or 0, own[-1].name) if own else None


def place(file: str, line: int | None, function: str) -> dict[str, Any]:
    """A line of code as plain values."""
    code = linecache.getline(file, line or 0).strip()
    return {"file": file, "line": line, "function": function, "code": code}


def is_inside(file: str, root: str) -> bool:
    """Whether a file is the project's own: below `root`, and in no environment of Python."""
    path = Path(file).absolute()
    paths = sysconfig.get_paths()
    elsewhere = {HERE, *(Path(paths[name]) for name in ("stdlib", "purelib", "platlib"))}
    return (
        Path(root) in path.parents
        and path.is_file()
        and not elsewhere.intersection(path.parents)
        and not INSTALLED.intersection(path.parts)
    )


def guarded(answer: Answer, work: Callable[[], None]) -> NoReturn:
    """Do the work and end the process; whatever it raises is written, and never printed."""
    try:
        work()
    except BaseException as error:
        answer.fail(error)
    answer.end()
