"""Python's garbage collector: one of its pauses would look like a slow server."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_off() -> Iterator[None]:
    """Collect now, and not again until the block is left."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
