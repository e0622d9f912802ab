"""How this process was started, for the commands that are suggested to its user."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboard.state.home import ROOT

DEFAULT_PROGRAM = ("python", "manage.py")  # if the process was started in another way
INSTALLED = "liveburst"
DEFAULT_PROJECT = ROOT / "liveapp" / "lab.toml"


def program(arguments: Sequence[str] = (), original: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the words before the command's name, as they were typed.

    For example `liveburst`, or `.venv/bin/python manage.py`.
    """
    arguments = arguments or sys.argv
    original = original or sys.orig_argv
    script = Path(arguments[0])
    if script.name == INSTALLED:
        on_path = shutil.which(INSTALLED)
        short = on_path is not None and Path(on_path).samefile(script)
        return (INSTALLED if short else str(script),)
    typed = tuple(original[: len(original) - len(arguments) + 1])
    if script.name == "manage.py" or typed[-2:] == ("-m", "django"):
        return typed
    return DEFAULT_PROGRAM


def suggested_command(*words: str | Path) -> str:
    """Return a command of Liveburst, quoted for a shell."""
    return shlex.join([*program(), *map(str, words)])


def as_typed(path: Path) -> str:
    """Return a path relative to the working directory if it is below it, else unchanged."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return os.fspath(path)


def project_option(path: Path) -> str | None:
    """Return the value of `--project` for a lab.toml; None for the built-in one."""
    return None if path == DEFAULT_PROJECT.resolve() else as_typed(path)
