"""How the C library handles freed memory; only glibc has this setting."""

from __future__ import annotations

import ctypes

M_MMAP_THRESHOLD = -3  # of mallopt(3)
LARGE_BYTES = 2**20


def release_large_blocks() -> None:
    """Have arrays of samples returned to the system as soon as they are freed.

    By default glibc keeps larger and larger ones for reuse, up to 32 MB each: after a run of a
    million samples the process would hold tens of unused megabytes.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
