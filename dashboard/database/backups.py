"""Copies of the database: made before a migration, the last few kept, restored when requested."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from dashboard.state.durable import sync
from dashboard.wire.errors import UnusableHome

DIRECTORY = "backups"
KEPT = 3
PAGES_PER_STEP = 4096  # 16 MB, between which other processes may write
VARIABLE = "LIVEBURST_BACKUPS"


def kept() -> int:
    """Return how many backups are kept; 0 means that none is made. Raises UnusableHome."""
    text = os.environ.get(VARIABLE, str(KEPT))
    if not text.isascii() or not text.isdecimal():
        problem = f"{VARIABLE}: expected a number of backups, found {text!r}."
        raise UnusableHome(problem, "Set it to a number, 0 for none.")
    return int(text)


def back_up(database: Path) -> Path | None:
    """Copy the database beside it, and return the copy; None if no backups are wanted.

    The copy is complete once it has its name. Raises UnusableHome, OSError and sqlite3.Error.
    """
    number = kept()
    if not number:
        return None
    directory = database.parent / DIRECTORY
    directory.mkdir(mode=0o700, exist_ok=True)
    _check_room(database, directory)
    copy = _unused_name(directory, database)
    temporary = copy.with_suffix(".new")
    try:
        _copy(database, temporary)
        temporary.rename(copy)
    finally:
        temporary.unlink(missing_ok=True)
    sync(directory)
    for old in backups_of(database)[number:]:
        old.unlink(missing_ok=True)
    return copy


def backups_of(database: Path) -> list[Path]:
    """Return the backups, the newest first."""
    backups = (database.parent / DIRECTORY).glob(f"{database.stem}-*{database.suffix}")
    return sorted(backups, reverse=True)


def _check_room(database: Path, directory: Path) -> None:
    needed, free = database.stat().st_size, shutil.disk_usage(directory).free
    if free < needed:
        problem = f"There is no room for a backup: {directory} has {free:,} bytes, not {needed:,}."
        way_out = f"Make room there, or start once with {VARIABLE}=0, which makes no backup."
        raise UnusableHome(problem, way_out)


def _unused_name(directory: Path, database: Path) -> Path:
    """Return a name that sorts by time."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return directory / f"{database.stem}-{stamp}{database.suffix}"


def _copy(database: Path, copy: Path) -> None:
    uri = f"{database.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target, pages=PAGES_PER_STEP, sleep=0.01)
    copy.chmod(0o600)
    sync(copy)
