"""Opens, reads and closes small files of /proc without giving the GIL away; for the sampler.

`os.pread` gives it away: on a process that computes, each read would then cost the sampler up to
5 ms, and the threads would have moved on meanwhile. A call by `ctypes.PyDLL` keeps it.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any, NamedTuple, Optional

MOST_BYTES = 255
# What is raised where the interpreter has no ctypes, or the system no such name.
ABSENT = (ImportError, OSError, AttributeError, TypeError, ValueError)


class QuietFiles(NamedTuple):
    """What can be done with files; none of it raises.

    `open` returns a descriptor, negative if there is no such file. `read` returns a file from its
    beginning; what cannot be read is empty, as is the file of a thread that has ended.
    """

    open: Callable[[bytes], int]
    read: Callable[[int], bytes]
    close: Callable[[int], int]


def quiet_files() -> Optional[QuietFiles]:
    """Return the functions that open, read and close a file; None without ctypes."""
    try:
        ctypes: Any = importlib.import_module("ctypes")
        library = ctypes.PyDLL(None)
        opening, pread, close = library.open, library.pread, library.close
    except ABSENT:
        return None
    opening.argtypes, close.argtypes = [ctypes.c_char_p, ctypes.c_int], [ctypes.c_int]
    pread.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_long]
    pread.restype = ctypes.c_ssize_t
    buffer = ctypes.create_string_buffer(MOST_BYTES + 1)

    def read(descriptor: int) -> bytes:
        length = pread(descriptor, buffer, MOST_BYTES, 0)
        return bytes(buffer.raw[:length]) if length > 0 else b""

    return QuietFiles(lambda path: int(opening(path, os.O_RDONLY | os.O_CLOEXEC)), read, close)


def address_of(name: str) -> Optional[int]:
    """Return the address of one of the interpreter's variables; None if it shows none."""
    try:
        ctypes: Any = importlib.import_module("ctypes")
        return int(ctypes.addressof(ctypes.c_char.in_dll(ctypes.PyDLL(None), name)))
    except ABSENT:
        return None
