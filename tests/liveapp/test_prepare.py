"""The set-up command: all that is missing is created, and Django is only loaded for that."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from liveapp.prepared import LEFT_AFTER_S, PRODUCTS, is_prepared
from tests.targets.helpers import ROOT

pytestmark = pytest.mark.processes


def prepare(home: Path, settings: str = "liveapp.settings") -> int:
    """Run the command and return its status."""
    variables = {"LIVEAPP_HOME": str(home), "DJANGO_SETTINGS_MODULE": settings}
    env = {**os.environ, **variables, "LIVEAPP_DATABASE_URL": ""}
    command = [sys.executable, "-m", "liveapp.prepare"]
    return subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True).returncode


@contextmanager
def opened(home: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(home / "liveapp.sqlite3", timeout=20)) as database, database:
        yield database


def test_what_is_missing_is_created_and_django_loaded_for_nothing_else(tmp_path: Path) -> None:
    database = tmp_path / "liveapp.sqlite3"
    assert not is_prepared(database)
    assert not database.exists()
    assert prepare(tmp_path) == 0
    assert is_prepared(database)
    left = tmp_path / "uploads" / "left"
    left.touch()
    long_ago_s = left.stat().st_mtime - 2 * LEFT_AFTER_S
    os.utime(left, (long_ago_s, long_ago_s))
    assert prepare(tmp_path, "nowhere.settings") == 0
    assert not left.exists()
    with opened(tmp_path) as connection:
        connection.execute("DELETE FROM liveapp_product WHERE id > 9000")
    assert not is_prepared(database)
    assert prepare(tmp_path) == 0
    with opened(tmp_path) as connection:
        assert connection.execute("SELECT count(*) FROM liveapp_product").fetchone() == (PRODUCTS,)
    assert is_prepared(database)


def test_with_other_migrations_it_is_not_prepared(tmp_path: Path) -> None:
    with opened(tmp_path) as connection:
        connection.execute("CREATE TABLE liveapp_product (id INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO liveapp_product VALUES (?)", zip(range(PRODUCTS)))
    assert not is_prepared(tmp_path / "liveapp.sqlite3")
