"""File modes: what Liveburst writes is its owner's alone, what a project writes is as usual."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

OWNER_ONLY = 0o077
INHERITED = -1  # for subprocess.Popen

_users = INHERITED


def restrict_umask() -> None:
    """Create files and directories for their owner only from now on, in this process."""
    global _users  # noqa: PLW0603 - a process has one umask
    _users = os.umask(OWNER_ONLY)


def users_umask() -> int:
    """Return the umask that the process was started with, for the processes that it starts."""
    return _users


@contextmanager
def writing_for_the_user() -> Iterator[None]:
    """Create files with the user's own umask inside the block: those that the user named."""
    if _users == INHERITED:
        yield
        return
    before = os.umask(_users)
    try:
        yield
    finally:
        os.umask(before)
