"""The result of one check, printed as one line."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.db import Error

from dashboard.database.problems import as_unusable
from dashboard.wire.errors import LiveburstError


class State(StrEnum):
    """`note`: works, but differently than it could."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What one check found, with a way out unless it is ok."""

    name: str
    state: State
    text: str
    way_out: str = ""

    def __str__(self) -> str:
        return f"{self.state:<8} {self.name}: {self.text} {self.way_out}".rstrip()


def ok(name: str, text: str) -> Finding:
    """Return that nothing has to be done."""
    return Finding(name, State.OK, text)


def note(name: str, text: str, way_out: str = "") -> Finding:
    """Return that something could be better."""
    return Finding(name, State.NOTE, text, way_out)


def problem(name: str, text: str, way_out: str = "") -> Finding:
    """Return that something does not work."""
    return Finding(name, State.PROBLEM, text, way_out)


def finding_of(name: str, check: Callable[[], Finding], database: Path) -> Finding:
    """Return what a check finds; an error that it raises is a problem."""
    try:
        return check()
    except (LiveburstError, OSError, sqlite3.Error, Error) as error:
        return problem(name, str(as_unusable(error, database) or error))
