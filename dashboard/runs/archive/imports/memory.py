"""How much memory the import of a large file may take.

A file of 256 MB can describe a hundred million empty lists, which would take 7 GB. An exported run
takes twice its size while it is parsed, and about as much for its report.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

TIMES_ITS_SIZE: Final = 4
MORE_BYTES: Final = 384 * 2**20


@contextmanager
def bounded(file_bytes: int) -> Iterator[None]:
    """Raise MemoryError inside the block instead of taking more than a file of this size needs.

    For a process that does nothing else. Without /proc there is no bound.
    """
    used_bytes = _used_bytes()
    if used_bytes is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limits = [used_bytes + TIMES_ITS_SIZE * file_bytes + MORE_BYTES, soft, hard]
    most = min(limit for limit in limits if limit != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _used_bytes() -> int | None:
    """Return what this process has of the memory that RLIMIT_DATA counts; None if unknown."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:")), None)
