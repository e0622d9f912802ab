"""A database of an older version is copied before it is migrated; copies are few and whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from dashboard.database import backups, file_check, opening
from dashboard.database.file_check import check_file
from dashboard.wire.errors import UnusableHome

MIB = 2**20


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The path of a database that Django uses, in a home of its own; there is no file yet."""
    monkeypatch.setenv("LIVEBURST_HOME", str(tmp_path / "home"))
    path = tmp_path / "home" / "liveburst.sqlite3"
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", str(path))
    yield path
    connection.close()


@pytest.fixture
def unblocked(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Permit the database, which here is not the tests' own."""
    with django_db_blocker.unblock():
        yield


def make_older(database: Path) -> None:
    """Make a database as an older version left it. Migrating a new one back takes twice as long."""
    database.parent.mkdir()
    opening.create_file(database)
    call_command("migrate", "sessions", verbosity=0)
    call_command("migrate", "dashboard", "0006", verbosity=0)


def applied(path: Path) -> set[str]:
    query = "SELECT name FROM django_migrations WHERE app = 'dashboard'"
    with closing(sqlite3.connect(path)) as database:
        return {name for (name,) in database.execute(query)}


@pytest.mark.usefixtures("unblocked")
def test_a_new_database_has_every_table_and_no_backup(database: Path) -> None:
    opening.open_database()
    assert len(applied(database)) >= 7
    opening.open_database()
    assert backups.backups_of(database) == []


@pytest.mark.usefixtures("unblocked")
def test_an_older_database_is_copied_before_it_is_migrated(database: Path) -> None:
    make_older(database)
    connection.close()
    opening.open_database()
    assert "0007_lane_wait" in applied(database)
    (copy,) = backups.backups_of(database)
    assert "0007_lane_wait" not in applied(copy)
    assert "0006_run_guess" in applied(copy)
    assert copy.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("unblocked")
def test_an_older_database_stays_as_it_is_where_a_backup_has_no_room(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_older(database)
    free = type("Usage", (), {"free": 10})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    with pytest.raises(UnusableHome, match="no room for a backup"):
        opening.open_database()
    assert "0007_lane_wait" not in applied(database)
    monkeypatch.setenv("LIVEBURST_BACKUPS", "0")
    opening.open_database()
    assert "0007_lane_wait" in applied(database)


def made(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE django_migrations (data)")
        database.execute("INSERT INTO django_migrations VALUES (zeroblob(?))", [4 * MIB])
        database.commit()
    return path


def test_the_last_few_backups_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = made(tmp_path / "liveburst.sqlite3")
    copies = [backups.back_up(database) for _ in range(5)]
    assert backups.backups_of(database) == copies[:1:-1]
    assert all(copy and check_file(copy) for copy in copies[2:])
    monkeypatch.setenv("LIVEBURST_BACKUPS", "0")
    assert backups.back_up(database) is None
    monkeypatch.setenv("LIVEBURST_BACKUPS", "many")
    with pytest.raises(UnusableHome, match="expected a number of backups, found 'many'"):
        backups.back_up(database)


def test_a_backup_that_fails_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = made(tmp_path / "liveburst.sqlite3")

    def no_room(path: Path) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(backups, "sync", no_room)
    with pytest.raises(OSError, match="No space"):
        backups.back_up(database)
    assert list((tmp_path / "backups").iterdir()) == []


def test_the_check_at_a_start_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = made(tmp_path / "liveburst.sqlite3")
    monkeypatch.setattr(file_check, "STEPS", 1)
    assert check_file(database, within_s=60)
    assert not check_file(database, within_s=-1)


def test_a_link_to_a_database_elsewhere_is_followed(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(made(tmp_path / "liveburst.sqlite3"))
    assert check_file(link)
