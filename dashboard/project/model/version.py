"""A project as it was, or as it is elsewhere: what a lane names behind a `#`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MARK = "#"  # sync@daphne#before


@dataclass(frozen=True)
class Version:
    """One state of a project's code: another directory, or a revision of its own repository.

    Exactly one of the two is there. Everything else, the interpreter too, is the project's.
    """

    name: str
    directory: Path | None = None
    revision: str | None = None


def version_name(server: str) -> str | None:
    """The version in a lane's text for a server, `daphne:loop=uvloop#before`; None without one."""
    return server.partition(MARK)[2] or None


def without_version(server: str) -> str:
    """The same text without its version."""
    return server.partition(MARK)[0]
