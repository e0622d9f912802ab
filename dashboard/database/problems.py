"""What is wrong with the database, the disk or the descriptors, as a sentence with a way out."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from dashboard.descriptors import USUAL, exhausted, hint, is_exhausted
from dashboard.state.home import home
from dashboard.wire.errors import UnusableHome

SET_ASIDE = (
    "`doctor --restore-backup` replaces it by the last backup, `doctor --set-aside database`"
    " starts with an empty one; both keep the file."
)
MAKE_ROOM = "Make room there; then `prune` deletes old runs and shrinks the database."
PERMIT = "Permit writing there, or name another directory in LIVEBURST_HOME."
WAIT = "Wait until the other process has ended, or end it."

LEAST_ROOM = 65_536  # bytes; SQLite's lock file alone takes 32 KB
DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}

# SQLite's codes, what they mean and what to do.
MEANINGS: Sequence[tuple[set[int], str, str]] = (
    (
        {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT},
        "is damaged: {}",
        SET_ASIDE,
    ),
    (
        {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL},
        "is locked by another process",
        WAIT,
    ),
    (
        {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM},
        "cannot be written: {}",
        PERMIT,
    ),
    ({sqlite3.SQLITE_FULL}, "has no room left on its disk", MAKE_ROOM),
    ({sqlite3.SQLITE_IOERR}, "cannot be read or written: {}", "Check the disk and its free room."),
)


def as_unusable(error: BaseException, path: Path) -> UnusableHome | None:
    """Return what an error of the database in `path` or of its disk means; None if it is another.

    Django's errors are read by their cause, which is SQLite's own.
    """
    if isinstance(error, UnusableHome):
        return error
    cause = error if isinstance(error, (sqlite3.Error, OSError)) else error.__cause__
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause, path)
    if isinstance(cause, OSError):
        return _of_system(cause)
    return None


def _of_sqlite(error: sqlite3.Error, path: Path) -> UnusableHome | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # the error of a programmer, such as a wrong number of parameters
        return None
    primary = code & 0xFF  # extended codes have more in the higher bits
    if primary == sqlite3.SQLITE_ERROR and str(error).startswith("no such"):
        return damaged(path, str(error))
    if primary == sqlite3.SQLITE_CANTOPEN and is_exhausted():
        return _of_system(OSError(errno.EMFILE, str(error)))
    if primary != sqlite3.SQLITE_BUSY and _is_full(path):  # which SQLite reports in many ways
        primary = sqlite3.SQLITE_FULL
    for codes, problem, way_out in MEANINGS:
        if primary in codes:
            return UnusableHome(f"The database {path} {problem.format(error)}.", way_out)
    return None


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.resolve().parent).free < LEAST_ROOM
    except OSError:
        return False


def damaged(path: Path, reason: str) -> UnusableHome:
    """Return the error for a database that is not one, or not a whole one."""
    return UnusableHome(f"The database {path} is damaged: {reason}.", SET_ASIDE)


def _of_system(error: OSError) -> UnusableHome | None:
    """Return what an error of the home's disk means, or that no descriptor is left.

    Other files are no matter of this module.
    """
    if problem := exhausted(error):
        return UnusableHome(problem, hint(USUAL))
    if error.errno in DISK_FULL:
        place = f": {error.filename}" if error.filename else ""
        return UnusableHome(f"The disk is full{place}.", MAKE_ROOM)
    if error.errno in READ_ONLY and str(home()) in _place(error):
        return UnusableHome(f"{_place(error)} cannot be written: {error.strerror}.", PERMIT)
    return None


def _place(error: OSError) -> str:
    return str(error.filename or home())
