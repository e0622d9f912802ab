"""Whether the database's file can be used, before Django opens it.

SQLite takes an empty file for a new database, and then removes the log of writes beside it. So what
is not a database is refused first.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

from dashboard.wire.errors import UnusableHome

from .problems import PERMIT, SET_ASIDE, as_unusable, damaged

MAGIC = b"SQLite format 3\0"
MIGRATIONS = "django_migrations"
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
# A check reads about 1 GB in a second: of larger files the first 250 MB are checked at a start,
# and all of them by `doctor`.
START_CHECK_S = 0.25
LOCK_WAIT_S = 5.0
STEPS = 10_000  # of SQLite's virtual machine, between two looks at the clock


def check_file(path: Path, within_s: float = START_CHECK_S) -> bool:
    """Raise UnusableHome unless `path` is a whole database that can be read and written.

    Return False if that took longer than `within_s`, and only a part was checked.
    """
    try:
        _check_kind(path)
        _check_head(path)
        return _quick_check(path, within_s)
    except (OSError, sqlite3.Error) as error:
        problem = as_unusable(error, path)
        if problem is None:
            raise damaged(path, str(error)) from None
        raise problem from None


def _check_kind(path: Path) -> None:
    if path.is_symlink() and not path.exists():
        problem = f"The database {path} is a link to {path.readlink()}, which does not exist."
        raise UnusableHome(problem, SET_ASIDE)
    if not stat.S_ISREG(path.stat().st_mode):
        raise UnusableHome(f"The database {path} is not a file.", SET_ASIDE)
    for place in (path, path.resolve().parent):  # beside it are its log of writes and its locks
        if not os.access(place, os.R_OK | os.W_OK):
            raise UnusableHome(f"{place} cannot be read and written.", PERMIT)


def _check_head(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    if not head:
        raise damaged(path, "it is empty")
    if head != MAGIC:
        raise damaged(path, "it does not begin as a database does")


def _check_ours(database: sqlite3.Connection, path: Path) -> None:
    """Raise UnusableHome if there are tables, and not the one that every version has."""
    tables = {name for (name,) in database.execute(TABLES)}
    if tables and MIGRATIONS not in tables:
        raise UnusableHome(f"The database {path} is of another program.", SET_ASIDE)


def _quick_check(path: Path, within_s: float) -> bool:
    deadline_s = time.monotonic() + within_s
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=LOCK_WAIT_S)) as database:
        _check_ours(database, path)
        database.set_progress_handler(lambda: time.monotonic() > deadline_s, STEPS)
        try:
            (answer,) = database.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                return False
            raise
    if answer != "ok":
        raise damaged(path, " ".join(str(answer).split()))
    return True
