"""What a home has stored of its runs, read as another process would."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from dashboard.wire import frame
from dashboard.wire.errors import FrameError
from tests.prepared_home import DATABASE

from .case import ACTIVE


class StoredRun(NamedTuple):
    """Id, status and problem of a run."""

    id: str
    status: str
    problem: str

    @property
    def active(self) -> bool:
        """True until it has ended."""
        return self.status in ACTIVE


def runs_in(home: Path) -> list[StoredRun]:
    """Return the stored runs, oldest first."""
    rows = _rows(home, "SELECT id, status, problem FROM dashboard_run ORDER BY created")
    return [StoredRun(*row) for row in rows]


def successes(home: Path, run: str) -> list[int]:
    """Return how many requests of each lane had a success; empty without a report."""
    ((text,),) = _rows(home, "SELECT report FROM dashboard_run WHERE id = ?", run)
    return [lane["ok"] for lane in json.loads(text or "{}").get("lanes", [])]


def damage(home: Path, run: str) -> list[str]:
    """Return what is wrong with the database's file, and with the frames of a run."""
    ((check,),) = _rows(home, "PRAGMA quick_check(1)")
    faults = [] if check == "ok" else [f"the database is damaged: {check}"]
    query = "SELECT sequence, data FROM dashboard_storedframe WHERE run_id = ? ORDER BY sequence"
    frames = _rows(home, query, run)
    numbers = [number for number, _ in frames]
    if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        faults.append("the frames have a gap")
    for _, data in frames:
        try:
            frame.decode(bytes(data))
        except FrameError as error:
            faults.append(f"a frame cannot be read: {error}")
    return faults


def _rows(home: Path, query: str, *values: str) -> Sequence[tuple[Any, ...]]:
    with closing(sqlite3.connect(home / DATABASE, timeout=10)) as database:
        return database.execute(query, values).fetchall()
