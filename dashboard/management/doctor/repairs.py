"""Repairs that lose nothing: files are set aside in the home, never deleted."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from dashboard.database.backups import backups_of
from dashboard.database.file_check import check_file
from dashboard.database.problems import WAIT
from dashboard.state.durable import publish, sync
from dashboard.wire.errors import UnusableHome

DIRECTORY = "set-aside"
# SQLite keeps its log of writes, the index of that log, and a journal beside a database.
SUFFIXES = ("", "-wal", "-shm", "-journal")
# Where a connection to a database holds its lock, as in SQLite's file format.
SHARED_FIRST, SHARED_SIZE = 0x40000002, 510


def set_aside(path: Path) -> Iterator[tuple[Path, Path]]:
    """Move a file, with what belongs to it, and yield each old and new path. Raises OSError."""
    _check_not_in_use(path)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    directory = path.parent / DIRECTORY
    directory.mkdir(mode=0o700, exist_ok=True)
    for suffix in SUFFIXES:
        old = path.with_name(path.name + suffix)
        if os.path.lexists(old):
            new = directory / f"{stamp}-{old.name}"
            old.rename(new)
            yield old, new
    sync(path.parent)


def restore_backup(path: Path) -> Iterator[tuple[Path, Path]]:
    """Put the newest sound backup in the place of the database, which is set aside.

    Yield each old and new path. Raises UnusableHome if there is no such backup, and OSError.
    """
    backup = _newest_sound(path)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        shutil.copyfile(backup, temporary)  # before anything is moved: there may be no room
        temporary.chmod(0o600)
        sync(temporary)
        yield from set_aside(path)
        publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    yield backup, path


def _newest_sound(path: Path) -> Path:
    for backup in backups_of(path):
        try:
            check_file(backup)
        except UnusableHome:
            continue
        return backup
    problem = f"There is no sound backup of {path}."
    raise UnusableHome(problem, "`doctor --set-aside database` starts with an empty one.")


def _check_not_in_use(path: Path) -> None:
    """Raise UnusableHome if another process has the database open, and would go on with it."""
    if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        return
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
        except (BlockingIOError, PermissionError):
            raise UnusableHome(f"Another process uses {path}.", WAIT) from None
