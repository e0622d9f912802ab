"""Where results go: a table for the person, JSON and other files where they were asked for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from rich.console import Console

from dashboard.management.options import RUN_FAILED

STDOUT = "-"
WIDTH = 140  # of a table, where neither a terminal nor COLUMNS says how wide it is


def table_console() -> Console:
    """Return where a table goes: stdout, as wide as it is known to be."""
    known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal()
    return Console(width=None if known else WIDTH)


def stdout_is_stderr() -> bool:
    """Return True if stdout and stderr are the same terminal, file or pipe."""
    try:
        return os.path.sameopenfile(sys.stdout.fileno(), sys.stderr.fileno())
    except (OSError, ValueError):  # one of them is no file
        return False


def prints_table(options: Mapping[str, Any]) -> bool:
    """Return False only where stdout is the JSON's."""
    return bool(options["json"] != STDOUT)


def print_left_out(console: Console, names: Sequence[str]) -> None:
    """Name the columns for which the terminal was too narrow."""
    if names:
        said = f"Too narrow for: {', '.join(names)}. A wider terminal or --json FILE has them."
        console.print(said, highlight=False, markup=False)


def write_json(answer: Mapping[str, Any], destination: str | None) -> None:
    """Write one JSON object on stdout, and nothing else there, or in a file, if there is one."""
    text = json.dumps(answer) + "\n"
    if destination == STDOUT:
        sys.stdout.write(text)
    elif destination is not None:
        write_file("json", destination, text)


def write_file(option: str, destination: str, text: str) -> None:
    """Write a file. Raises CommandError, since the disk may be full by now."""
    try:
        Path(destination).write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{option}: expected a file that can be written, found {destination}"
        raise CommandError(f"{message} ({error.strerror})", returncode=RUN_FAILED) from None


def print_outcome(what: str, status: str, problem: str) -> None:
    """Say on stderr, before anything else, why there is no whole result."""
    sys.stdout.flush()
    sys.stderr.write(f"The {what} {_ENDED.get(status, f'is {status}')}{_reason(problem)}\n")
    sys.stderr.flush()


def print_log_tail(log_tail: str) -> None:
    """Say on stderr, after everything else, what the process that failed wrote last."""
    if log_tail.strip():
        sys.stdout.flush()
        sys.stderr.write(f"\nIts last lines:\n{log_tail.rstrip()}\n")


_ENDED = {"finished": "finished", "failed": "failed", "stopped": "was stopped"}


def _reason(problem: str) -> str:
    return f": {problem}" if problem else "."
