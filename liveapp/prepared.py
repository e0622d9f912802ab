"""Whether the SQLite database is as `prepare` leaves it, known without Django's applications."""

import sqlite3
import time
import zlib
from contextlib import closing, suppress
from pathlib import Path

import django

from . import places

PRODUCTS = 10_000  # their ids are 1 to this
LEFT_AFTER_S = 3600.0  # longer than any run may take
MIGRATIONS = Path(__file__).with_name("migrations")


def version() -> int:
    """Return what stands for all migrations: liveapp's by name, and Django's by its version."""
    names = sorted(file.name for file in MIGRATIONS.glob("[0-9]*.py"))
    return zlib.crc32(repr((django.VERSION, names)).encode()) >> 1  # SQLite's has a sign


def is_prepared(file: Path) -> bool:
    """Return True if the database in this file has all migrations and products."""
    with (
        suppress(sqlite3.Error),  # there is none, or no table
        closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=20)) as database,
    ):
        (found,) = database.execute("PRAGMA user_version").fetchone()
        (products,) = database.execute("SELECT count(*) FROM liveapp_product").fetchone()
        return bool(found == version() and products >= PRODUCTS)
    return False


def tidy() -> None:
    """Remove files that a killed server or worker left, after the longest possible run."""
    long_ago_s = time.time() - LEFT_AFTER_S
    for directory in (places.UPLOADS, places.MESSAGES, places.RESULTS):
        for file in directory.iterdir():
            if file.is_file() and file.stat().st_mtime < long_ago_s:
                file.unlink(missing_ok=True)
