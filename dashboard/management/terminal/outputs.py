"""Where results are written: tables to stdout, JSON to stdout or a file, other files."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.core.management import CommandError
from rich.console import Console

from dashboard.management.options import RUN_FAILED, Options
from dashboard.targets.supervise.umask import writing_for_the_user

STDOUT = "-"
WIDTH = 140  # of a table, if stdout is no terminal and COLUMNS is not set


def table_console() -> Console:
    """Return the console for tables: stdout, as wide as the terminal, COLUMNS or WIDTH."""
    has_width = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal()
    return Console(width=None if has_width else WIDTH)


def stdout_is_stderr() -> bool:
    """Return True if stdout and stderr are the same terminal, file or pipe."""
    try:
        return os.path.sameopenfile(sys.stdout.fileno(), sys.stderr.fileno())
    except (OSError, ValueError):  # one of them is no file
        return False


def prints_table(options: Options) -> bool:
    """Return True unless the JSON goes to stdout."""
    return bool(options["json"] != STDOUT)


def write_results(
    options: Options,
    print_table: Callable[[], None],
    answer: Mapping[str, object],
    csv: Callable[[], str],
) -> None:
    """Print the table unless the JSON goes to stdout; write the JSON and the CSV as requested."""
    if prints_table(options):
        print_table()
    write_json(answer, options["json"])
    if options["csv"]:
        write_file("csv", options["csv"], csv())


def print_left_out(console: Console, names: Sequence[str]) -> None:
    """Print the names of the columns for which the terminal was too narrow."""
    if names:
        message = f"Too narrow for: {', '.join(names)}. A wider terminal or --json FILE has them."
        console.print(message, highlight=False, markup=False)


def write_json(answer: Mapping[str, object], destination: str | None) -> None:
    """Write one JSON object to stdout, with nothing else there, or to a file; None: nowhere."""
    text = json.dumps(answer) + "\n"
    if destination == STDOUT:
        sys.stdout.write(text)
    elif destination is not None:
        write_file("json", destination, text)


def write_file(option: str, destination: str, text: str) -> None:
    """Write a file. Raises CommandError if that fails: the disk may have become full."""
    try:
        with writing_for_the_user():
            Path(destination).write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{option}: expected a file that can be written, found {destination}"
        raise CommandError(f"{message} ({error.strerror})", returncode=RUN_FAILED) from None


def print_outcome(what: str, status: str, problem: str) -> None:
    """Print on stderr, before any result, how a run or an experiment ended, and why."""
    sys.stdout.flush()
    sys.stderr.write(f"The {what} {_ENDED.get(status, f'is {status}')}{_reason(problem)}\n")
    sys.stderr.flush()


def print_log_tail(log_tail: str) -> None:
    """Print on stderr, after any result, the last lines of the process that failed."""
    if log_tail.strip():
        sys.stdout.flush()
        sys.stderr.write(f"\nIts last lines:\n{log_tail.rstrip()}\n")


_ENDED = {"finished": "finished", "failed": "failed", "stopped": "was stopped"}


def _reason(problem: str) -> str:
    return f": {problem}" if problem else "."
