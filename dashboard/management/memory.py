"""What the C library does with memory that is freed; glibc alone has this setting."""

from __future__ import annotations

import ctypes

M_MMAP_THRESHOLD = -3  # of mallopt(3)
LARGE_BYTES = 2**20


def release_large_blocks() -> None:
    """Arrays of samples go back to the system as soon as they are freed.

    Left alone, glibc keeps larger and larger ones for later, up to 32 MB each: after a run of a
    million samples the process would hold tens of megabytes that nobody uses.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
