"""The laboratory that this process's views use; `manage.py lab` sets it before it serves."""

from __future__ import annotations

from dashboard.runs.planning.program import suggested_command
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.wire.errors import LiveburstError

_desk: list[Laboratory] = []


def furnish(laboratory: Laboratory) -> None:
    """Give the views their laboratory, in place of any before it."""
    _desk[:] = [laboratory]


def laboratory() -> Laboratory:
    """The laboratory. Raises LiveburstError where the dashboard was started some other way."""
    if not _desk:
        raise LiveburstError(f"Start the dashboard with: {suggested_command('lab')}")
    return _desk[0]
