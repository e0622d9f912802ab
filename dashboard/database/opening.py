"""Open the database for a command: check it, create it, back it up, migrate it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from django.core.management import call_command
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from dashboard.state.durable import publish
from dashboard.state.secret_key import secret_key
from dashboard.wire.errors import UnusableHome

from .backups import back_up
from .file_check import check_file
from .problems import as_unusable

LOCK = "migrate.lock"


def open_database() -> None:
    """Make the home and its database ready for use. Raises UnusableHome, with a way out.

    What is there is checked before it is touched, and copied before it is migrated.
    """
    secret_key()
    path = Path(connection.settings_dict["NAME"])
    with errors_as_unusable(path):
        create_file(path)
        check_file(path)
        if migrations_pending(path):
            _migrate(path)


@contextmanager
def errors_as_unusable(path: Path) -> Iterator[None]:
    """Raise UnusableHome for what the database or its disk raises, where a sentence is known."""
    try:
        yield
    except (Error, sqlite3.Error, OSError) as error:
        problem = as_unusable(error, path)
        if problem is None:
            raise
        raise problem from error


def create_file(path: Path) -> None:
    """Create a database without tables, unless there is something of that name.

    It gets its name once it is on the disk, so an empty file is never one that was just created.
    """
    if os.path.lexists(path):
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with closing(sqlite3.connect(temporary)) as database:
            # Pages that become free can be given back to the disk a few at a time.
            database.executescript("PRAGMA auto_vacuum=INCREMENTAL; PRAGMA user_version=1; VACUUM;")
        publish(temporary, path)
    finally:
        with suppress(OSError):  # it was renamed, or never written
            temporary.unlink()


def migrations_pending(path: Path) -> bool:
    """Return True if there are migrations to apply. Raises UnusableHome for unknown ones."""
    executor = MigrationExecutor(connection)
    loader = executor.loader
    unknown = [
        name
        for app, name in loader.applied_migrations
        if app in loader.migrated_apps and (app, name) not in loader.disk_migrations
    ]
    if unknown:
        problem = f"The database {path} is of a newer Liveburst, which added {max(unknown)}."
        way_out = "Update Liveburst, or name another directory in LIVEBURST_HOME."
        raise UnusableHome(problem, way_out)
    return bool(executor.migration_plan(loader.graph.leaf_nodes()))


def _migrate(path: Path) -> None:
    """Back up and migrate, one process at a time."""
    with (path.parent / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not migrations_pending(path):  # another process was first
            return
        if connection.introspection.table_names():
            back_up(path)
        call_command("migrate", verbosity=0)
