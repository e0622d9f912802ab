"""Reading the end of a process's log file, secrets masked."""

from __future__ import annotations

from pathlib import Path

from dashboard.project.secrets.masking import masked

from .readiness import READINESS_PATH

_TAIL_LINES = 30
_TAIL_BYTES = 16384
_LONGEST_LINE = 300


def log_size(log: Path) -> int:
    """Return the size of a log in bytes; 0 if it does not exist."""
    try:
        return log.stat().st_size
    except OSError:
        return 0


def last_line_since(log: Path, start: int) -> str:
    """Return the last line, shortened, that was written after byte `start`; empty if none was."""
    added = min(log_size(log) - start, _TAIL_BYTES)
    lines = [line.strip() for line in read_tail(log, added).splitlines()] if added > 0 else []
    return next((line[:_LONGEST_LINE] for line in reversed(lines) if line), "")


def read_tail(log: Path, most_bytes: int = _TAIL_BYTES) -> str:
    """Return the last lines of a log; empty if it does not exist.

    Lines about our own readiness request are left out.
    """
    start = max(0, log_size(log) - most_bytes)
    try:
        with log.open("rb") as file:
            file.seek(start)
            text = masked(file.read().decode(errors="replace"), begun_within=start > 0)
    except OSError:
        return ""
    lines = [line for line in text.splitlines() if READINESS_PATH not in line]
    return "\n".join(lines[-_TAIL_LINES:])
