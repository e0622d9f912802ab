"""The laboratory that this process's views use; `manage.py lab` sets it before serving."""

from __future__ import annotations

from dashboard.runs.planning.program import suggested_command
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.wire.errors import LiveburstError

_current: list[Laboratory] = []


def set_laboratory(laboratory: Laboratory) -> None:
    """Set the laboratory that views use, replacing any previous one."""
    _current[:] = [laboratory]


def laboratory() -> Laboratory:
    """Return the laboratory. Raises LiveburstError if `manage.py lab` did not set one."""
    if not _current:
        raise LiveburstError(f"Start the dashboard with: {suggested_command('lab')}")
    return _current[0]
