"""Checks of the home and what is in it; none of them changes a file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from dashboard.database.backups import backups_of
from dashboard.database.file_check import check_file
from dashboard.database.opening import migrations_pending
from dashboard.state.home import KEY, OWNER_ONLY, home, make_home
from dashboard.state.secret_key import secret_key
from dashboard.wire.plural import counted
from dashboard.wire.units import BYTES_PER_MB

from .finding import Finding, note, ok, problem

CHECK_S = 60.0
ROOM_MB = 100  # for the frames of a few runs


def check_home() -> Finding:
    """Check that there is one, which can be written, on a disk of the owner's."""
    directory = make_home()
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        way_out = "Permit writing there, or name another directory in LIVEBURST_HOME."
        return problem("home", f"{directory} cannot be written.", way_out)
    return ok("home", f"{directory} can be written.")


def check_permissions() -> Finding:
    """Check that other users have no access."""
    directory = home()
    if directory.stat().st_uid != os.geteuid():
        text = f"{directory} belongs to another user."
        return problem("permissions", text, "Name a directory of your own in LIVEBURST_HOME.")
    mode = stat.S_IMODE(directory.stat().st_mode)
    if mode & ~OWNER_ONLY:
        text = f"{directory} has the mode {mode:04o}, so others have access."
        return problem("permissions", text, f"Run: chmod 700 {directory}")
    return ok("permissions", f"{directory} is accessible to you only.")


def check_key() -> Finding:
    """Check that the key can be read and is whole."""
    secret_key()
    return ok("key", f"{home() / KEY} is complete.")


def check_database(path: Path) -> Finding:
    """Check the whole file, for a minute at most, and whether its tables are of a later version."""
    if not os.path.lexists(path):
        return ok("database", f"{path} does not exist; the next start creates it.")
    complete = check_file(path, CHECK_S)
    size_mb = path.stat().st_size / BYTES_PER_MB
    if migrations_pending(path):
        text = f"{path} is of an older version; the next start copies and migrates it."
        return note("database", text)
    text = f"{path} is sound: {counted(_runs(path), 'run')}, {size_mb:.1f} MB."
    if not complete:
        return note("database", f"{text} Only a part was checked within {CHECK_S:.0f} s.")
    return ok("database", text)


def _runs(path: Path) -> int:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        (number,) = database.execute("SELECT count(*) FROM dashboard_run").fetchone()
    return int(number)


def check_backups(path: Path) -> Finding:
    """List the backups."""
    backups = backups_of(path)
    if not backups:
        return ok("backups", "none; one is made before the next migration.")
    return ok("backups", f"{counted(len(backups), 'backup')}, the newest is {backups[0]}.")


def check_room() -> Finding:
    """Check the free room of the home's disk."""
    free_mb = shutil.disk_usage(home()).free / BYTES_PER_MB
    if free_mb < ROOM_MB:
        way_out = "Make room there; then `prune` deletes old runs and shrinks the database."
        return problem("disk", f"{free_mb:,.0f} MB free, expected {ROOM_MB} MB.", way_out)
    return ok("disk", f"{free_mb:,.0f} MB free.")
