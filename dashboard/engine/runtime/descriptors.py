"""The limit of file descriptors: each connection needs one."""

from __future__ import annotations

import resource
from contextlib import suppress

RESERVED = 24  # for the event loop, its timers, the pipes, and a file to write to


def raise_limit() -> None:
    """Raise this process's limit as far as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS calls "unlimited" what it does not allow
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def too_few_for(connections: int) -> str | None:
    """Return an error message if so many open connections exceed the limit; else None."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY or connections + RESERVED <= limit:
        return None
    return (
        f"expected at most {max(limit - RESERVED, 0)} connections at once, since this process may"
        f" open {limit} descriptors (ulimit -n, already raised to its maximum), found {connections}"
    )
