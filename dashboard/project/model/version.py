"""Another version of a project's code, which a lane names after a `#`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MARK = "#"  # sync@daphne#before


@dataclass(frozen=True)
class Version:
    """One version of a project's code: another directory, or a revision of its repository.

    Exactly one of the two is set. Everything else, including the interpreter, is the project's.
    """

    name: str
    directory: Path | None = None
    revision: str | None = None


def version_name(server: str) -> str | None:
    """Return the version in a lane's text for a server, `daphne:loop=uvloop#before`, or None."""
    return server.partition(MARK)[2] or None


def without_version(server: str) -> str:
    """Return a lane's text for a server without the version."""
    return server.partition(MARK)[0]
