"""A connection is a descriptor, and a process may open only so many."""

from __future__ import annotations

import resource
from contextlib import suppress

SPARE = 24  # for the event loop, its timers, the pipes, and a file to write to


def raise_limit() -> None:
    """Take as many as we may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS calls "unlimited" what it does not allow
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def too_few_for(connections: int) -> str | None:
    """What to say when so many connections at once do not fit; None when they do."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY or connections + SPARE <= limit:
        return None
    return (
        f"expected at most {max(limit - SPARE, 0)} connections at once, since this process may"
        f" open {limit} descriptors (ulimit -n, already as high as it may be), found {connections}"
    )
