"""The limit of file descriptors (`ulimit -n`): checked before it is reached, named when it is.

A process needs one for each connection, file and pipe, and passes its limit on to what it starts.
"""

from __future__ import annotations

import errno
import os
import resource

from dashboard.wire.errors import TooFewDescriptors

LEAST = 128  # chosen, not measured: a small burst works with it (tested)
RESERVED = 24  # of a load generator or a server: its event loop, pipes, log and modules
USUAL = 1024
EXHAUSTED = {errno.EMFILE, errno.ENFILE}


def check_descriptors() -> None:
    """Let this process open at least LEAST files. Raises TooFewDescriptors if it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _allows(soft, LEAST):
        return
    if not _allows(hard, LEAST):
        raise TooFewDescriptors(
            f"Liveburst needs at least {LEAST} open files, and may open {hard} (ulimit -n)."
            f" {hint(USUAL)}"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (LEAST, hard))


def check_connections(connections: int) -> None:
    """Raise TooFewDescriptors if a load generator could not have so many connections.

    It raises its own limit as far as the system allows.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + RESERVED
    if not _allows(hard, needed):
        raise TooFewDescriptors(
            f"The load generator needs {needed:,} open files for {connections:,} requests at a"
            f" time, and may open {hard:,} (ulimit -n). {hint(needed)}"
        )


def too_few_for_server(connections: int) -> str | None:
    """Return a warning if a server of ours could not have so many connections; None if it can."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + RESERVED
    if _allows(soft, needed):
        return None
    return (
        f"no-descriptors: a server needs about {needed:,} open files for {connections:,}"
        f" connections at a time, and may open {soft:,} (ulimit -n). {hint(needed)}"
    )


def hint(needed: int) -> str:
    """Return how to raise the limit."""
    return f"Raise it before starting Liveburst: ulimit -n {max(needed, USUAL)}"


def exhausted(error: OSError) -> str | None:
    """Return what is wrong if an error means that no descriptor is left; None for another."""
    if error.errno not in EXHAUSTED:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    of = "The system" if error.errno == errno.ENFILE else "Liveburst"
    return f"{of} has no file descriptor left; this process may open {soft:,} files (ulimit -n)."


def exhausted_by(error: BaseException | None) -> str | None:
    """Return the same if an error, or one that it followed upon, means that; None for others."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and (message := exhausted(error)):
            return f"{message} {hint(USUAL)}"
        error = error.__cause__ or error.__context__
    return None


def is_exhausted() -> bool:
    """Return True if no descriptor is left: libraries report that in many ways."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in EXHAUSTED
    return False


def _allows(limit: int, needed: int) -> bool:
    return limit == resource.RLIM_INFINITY or needed <= limit
