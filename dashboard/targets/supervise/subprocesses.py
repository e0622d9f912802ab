"""Running a command to its end: bounded, through the guard, what it writes in a log."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from dashboard.project.secrets.masking import masked
from dashboard.wire.errors import TargetFailed

from .launcher import Child, launch
from .readiness import PATH

_LOG_TAIL_LINES = 30
_LOG_TAIL_BYTES = 16384
_LONGEST_LINE = 300


async def run_to_end(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    directory: Path,
    log: Path,
    timeout_s: float,
    cores: tuple[int, ...] = (),
    errors: Path | None = None,
) -> None:
    """Run a command and wait for its end. What it writes is appended to `log`.

    `errors` takes its stderr, where that must not be mixed in. Raises TargetFailed, with
    the log's last lines, when it does not start, ends with another status than 0, or does
    not end in time.
    """
    shown = " ".join(command)
    try:
        with log.open("ab") as output, (errors or log).open("ab") as complaints:
            child = await launch(
                command, env=env, cores=cores, cwd=directory, stdout=output, stderr=complaints
            )
    except OSError as error:
        raise TargetFailed(f"expected to run {shown} in {directory}: {error}") from error
    status = await _status(child, timeout_s)
    if status is None:
        message = f"{shown}: expected an end within {timeout_s:g} s, found none"
        raise TargetFailed(message, read_tail(errors or log))
    if status != 0:
        raise TargetFailed(f"{shown} ended with status {status}", read_tail(errors or log))


async def _status(child: Child, timeout_s: float) -> int | None:
    """The command's status; None where it did not end in time, and was killed."""
    try:
        async with asyncio.timeout(timeout_s):
            return await child.wait()
    except TimeoutError:
        return None
    finally:
        child.kill()


def log_size(log: Path) -> int:
    """How many bytes a log has; 0 where there is none."""
    try:
        return log.stat().st_size
    except OSError:
        return 0


def last_line_since(log: Path, begun: int) -> str:
    """Return the last line that a log has behind so many bytes, bounded; empty for none."""
    added = min(log_size(log) - begun, _LOG_TAIL_BYTES)
    lines = [line.strip() for line in read_tail(log, added).splitlines()] if added > 0 else []
    return next((line[:_LONGEST_LINE] for line in reversed(lines) if line), "")


def read_tail(log: Path, most_bytes: int = _LOG_TAIL_BYTES) -> str:
    """The last lines of a log file, secrets masked; empty where there is none.

    Lines about our own request for readiness are left out: they say nothing of the project.
    """
    begun = max(0, log_size(log) - most_bytes)
    try:
        with log.open("rb") as file:
            file.seek(begun)
            text = masked(file.read().decode(errors="replace"), begun_within=begun > 0)
    except OSError:
        return ""
    lines = [line for line in text.splitlines() if PATH not in line]
    return "\n".join(lines[-_LOG_TAIL_LINES:])
