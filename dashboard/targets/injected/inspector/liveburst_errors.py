"""Describes what a project raised: its text, its first cause, its line of the project's code.

Part of the inspector. Standard library, Python 3.9.
"""

from __future__ import annotations

import linecache
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MESSAGE_MOST = 2000
INSTALLED = {"site-packages", "dist-packages"}


def describe(error: BaseException, root: str) -> dict[str, Any]:
    """Return an exception as plain values: text, text of its first cause, frame in `root`."""
    chain = list(causes(error))
    first = chain[-1]
    frames = (frame_of(cause, root) for cause in reversed(chain))
    return {
        "error": last_line(error),
        "cause": last_line(first) if first is not error else None,
        "at": next((frame for frame in frames if frame), None),
        "exits": isinstance(error, SystemExit),
    }


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that it was raised from, the first cause last."""
    met: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in met:
        met.append(cause)
        yield cause
        context = None if cause.__suppress_context__ else cause.__context__
        cause = cause.__cause__ or context


def last_line(error: BaseException) -> str:
    """Return what Python prints of an exception below its traceback."""
    if isinstance(error, SystemExit):
        return f"it exited with status {error.code!r}"
    if type(error).__module__.startswith("liveburst_"):  # our own, and a whole sentence
        return str(error)
    lines = traceback.format_exception_only(type(error), error)
    return "".join(lines[-1:] if isinstance(error, SyntaxError) else lines).strip()[:MESSAGE_MOST]


def frame_of(error: BaseException, root: str) -> dict[str, Any] | None:
    """Return the innermost frame of an exception that is in the project; None without one."""
    if isinstance(error, SyntaxError) and is_inside(error.filename or "", root):
        return place(str(error.filename), error.lineno or 0, "")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_inside(frame.filename, root)]
    return place(own[-1].filename, own[-1].lineno or 0, own[-1].name) if own else None


def place(file: str, line: int | None, function: str) -> dict[str, Any]:
    """Return a line of code as plain values."""
    code = linecache.getline(file, line or 0).strip()
    return {"file": file, "line": line, "function": function, "code": code}


def is_inside(file: str, root: str) -> bool:
    """Return True if a file is the project's: below `root`, and in no environment of Python."""
    path = Path(file).absolute()
    paths = sysconfig.get_paths()
    elsewhere = {HERE, *(Path(paths[name]) for name in ("stdlib", "purelib", "platlib"))}
    return (
        Path(root) in path.parents
        and path.is_file()
        and not elsewhere.intersection(path.parents)
        and not INSTALLED.intersection(path.parts)
    )
