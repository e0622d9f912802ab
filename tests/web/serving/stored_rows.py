"""Rows written into a database as nothing of ours would write them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

PLAN = (
    '{"scenario": "sleep", "lanes": ["sync@waitress"], "load": {"kind": "burst", "requests": 1,'
    ' "concurrency": 1}, "rounds": 1, "seed": 1, "parameters": {}, "timeout_s": 30}'
)
COMMON = {"created": "2026-01-01 00:00:00", "project": "liveapp", "title": "Odd", "problem": ""}
RUN = {
    **COMMON,
    "status": "finished",
    "plan": PLAN,
    "owner_pid": 0,
    "owner_started": 0.0,
    "label": "",
    "claim": "",
    "advised_by": "",
    "name": "",
    "notes": "",
    "pinned": 0,
    "environment": "{}",
    "warnings": "[]",
    "spoiled": "",
    "discarded_rounds": "[]",
    "log_tail": "",
    "report": "null",
}
LANE = {
    "position": 0,
    "name": "sync@waitress",
    "family": "sync",
    "concurrency": "",
    "facts": "{}",
}
EXPERIMENT = {
    **COMMON,
    "status": "finished",
    "owner_pid": 0,
    "owner_started": 0.0,
    "kind": "matrix",
    "question": "[]",
}


def insert(home: Path, table: str, **values: object) -> None:
    """Insert one row into a table of a home's database."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    with closing(sqlite3.connect(home / "liveburst.sqlite3", timeout=20)) as database:
        database.execute(
            f"INSERT INTO dashboard_{table} ({names}) VALUES ({marks})",
            list(values.values()),
        )
        database.commit()


def insert_frames(home: Path, run: str, number: int, data: bytes) -> None:
    """Insert the same frame many times, in one transaction."""
    rows = ((run, sequence, data) for sequence in range(number))
    with closing(sqlite3.connect(home / "liveburst.sqlite3", timeout=20)) as database:
        statement = "INSERT INTO dashboard_storedframe (run_id, sequence, data) VALUES (?, ?, ?)"
        database.executemany(statement, rows)
        database.commit()
