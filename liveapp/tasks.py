"""The work of `work.py` as Celery tasks."""

from . import work
from .celery import app


@app.task  # type: ignore[untyped-decorator]
def primes_below(limit: int) -> int:
    """Run `work.primes_below` in a worker."""
    return work.primes_below(limit)


@app.task  # type: ignore[untyped-decorator]
def thumbnail_bytes(pixels: int) -> int:
    """Run `work.thumbnail_bytes` in a worker."""
    return work.thumbnail_bytes(pixels)
