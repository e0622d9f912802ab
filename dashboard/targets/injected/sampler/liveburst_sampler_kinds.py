"""Tells a project's code from the plumbing between its coroutines and threads; for the sampler.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import queue
import selectors
import threading
from types import CodeType

import liveburst_request

OTHER, PLUMBING, PROBE = range(3)


def directory_of(file: str) -> str:
    """Return the directory of a file, with a separator at its end."""
    return file[: file.rindex(os.sep) + 1]


_OURS = directory_of(__file__), directory_of(liveburst_request.__file__)
_ASYNCIO = directory_of(asyncio.__file__)
# Under these a thread only waits for another one.
_WAITING = (
    directory_of(concurrent.futures.__file__),
    *(threading.__file__, queue.__file__, selectors.__file__),
)
_BRIDGES = (f"{os.sep}asgiref{os.sep}", f"{os.sep}gevent{os.sep}")
# Asyncio's functions that run a loop, make a task, or wait for one. `sleep` is none of them: a
# coroutine in it waits for nothing but the time.
_ASYNCIO_PLUMBING = frozenset({
    *("run", "run_until_complete", "run_forever", "_run_once", "_run", "run_in_executor"),
    *("create_task", "ensure_future", "_ensure_future", "gather", "_gather"),
    *("wait", "_wait", "wait_for"),
    *("__aexit__", "_aexit", "as_completed", "_wait_for_one", "shield", "to_thread"),
})  # fmt: skip

# By the id of a code object, with the object itself, so that no other one gets its id. Code
# objects are compared by all that is in them, which takes too long here.
_KINDS: dict[int, tuple[int, CodeType]] = {}


def kind_of(code: CodeType) -> int:
    """Return OTHER, PLUMBING or PROBE."""
    known = _KINDS.get(id(code))
    if known is not None:
        return known[0]
    kind = _classify(code.co_filename, code.co_name)
    _KINDS[id(code)] = kind, code
    return kind


def _classify(file: str, name: str) -> int:
    if file.startswith(_OURS):
        return PROBE
    if file.startswith(_ASYNCIO):
        return PLUMBING if name in _ASYNCIO_PLUMBING else OTHER
    if file.startswith(_WAITING) or any(bridge in file for bridge in _BRIDGES):
        return PLUMBING
    return OTHER
