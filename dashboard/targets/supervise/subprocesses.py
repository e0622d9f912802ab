"""Running a command to its end: within a timeout, through the guard, its output in a log."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from dashboard.wire.errors import TargetFailed

from .environment import hint_on_withheld
from .launcher import Child, launch
from .log_files import open_log, read_tail


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
    """Run a command and wait for its end. Its output is appended to `log`.

    Stderr is appended to `errors` instead where that is given. Raises TargetFailed with the last
    lines of the log if the command does not start, ends with a status other than 0, or does not
    end in time.
    """
    shown = " ".join(command)
    stderr_log = errors or log
    try:
        with open_log(log, anew=False) as stdout, open_log(stderr_log, anew=False) as stderr:
            child = await launch(
                command, env=env, cores=cores, cwd=directory, stdout=stdout, stderr=stderr
            )
    except OSError as error:
        raise TargetFailed(f"expected to run {shown} in {directory}: {error}") from error
    status = await _status(child, timeout_s)
    if status is None:
        message = f"{shown}: expected an end within {timeout_s:g} s, found none"
        raise TargetFailed(message, read_tail(stderr_log))
    if status != 0:
        log_tail = read_tail(stderr_log)
        hint = hint_on_withheld(log_tail, env)
        raise TargetFailed(f"{shown} ended with status {status}{hint}", log_tail)


async def _status(child: Child, timeout_s: float) -> int | None:
    """Return the command's status; None if it did not end in time and was killed."""
    try:
        async with asyncio.timeout(timeout_s):
            return await child.wait()
    except TimeoutError:
        return None
    finally:
        child.kill()
