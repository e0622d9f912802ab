"""The log files of processes: opened so that they can be cut, and their ends read, secrets masked.

While it is written, the guard keeps a log below `log_limit_bytes` (`log_ring`).
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import IO

from dashboard.project.secrets.masking import masked
from dashboard.wire.errors import Invalid, Problem
from dashboard.wire.units import BYTES_PER_MB

from .readiness import READINESS_PATH

_TAIL_LINES = 30
_TAIL_BYTES = 16384
_LONGEST_LINE = 300
LIMIT_VARIABLE = "LIVEBURST_LOG_LIMIT_MB"
DEFAULT_LIMIT_MB, LEAST_LIMIT_MB, MOST_LIMIT_MB = 20.0, 0.1, 100_000.0


def log_limit_bytes() -> int:
    """Return how long each log may become, in bytes.

    LIVEBURST_LOG_LIMIT_MB sets it. Raises Invalid for a value that is no number within the bounds.
    """
    text = os.environ.get(LIMIT_VARIABLE) or str(DEFAULT_LIMIT_MB)
    try:
        limit_mb = float(text)
    except ValueError:
        limit_mb = math.nan
    if not LEAST_LIMIT_MB <= limit_mb <= MOST_LIMIT_MB:
        bounds = f"expected a number from {LEAST_LIMIT_MB:g} to {MOST_LIMIT_MB:,.0f}"
        raise Invalid(Problem(LIMIT_VARIABLE, f"{bounds}, found {text!r}"))
    return int(limit_mb * BYTES_PER_MB)


def open_log(log: Path, *, anew: bool = True) -> IO[bytes]:
    """Open a log for the output of a process, emptied if `anew`. Raises OSError.

    To append: a log that was cut while a process writes would otherwise have a hole. And to read,
    so that the guard can keep the end of what it cuts.
    """
    if anew:
        log.unlink(missing_ok=True)  # a process of the last start may still write to it
    return log.open("a+b")


def log_size(log: Path) -> int:
    """Return the size of a log in bytes; 0 if it does not exist."""
    try:
        return log.stat().st_size
    except OSError:
        return 0


def last_line_since(log: Path, start: int) -> str:
    """Return the last line, shortened, that was written after byte `start`; empty if none was."""
    size = log_size(log)
    # A shorter log was cut since.
    added = min(size if size < start else size - start, _TAIL_BYTES)
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
