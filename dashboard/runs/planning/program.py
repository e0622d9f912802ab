"""How a person started this process, as the words that begin a command suggested to them."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboard.home import ROOT

DEFAULT_PROGRAM = ("python", "manage.py")  # where nobody started us by a command of ours
INSTALLED = "liveburst"
DEFAULT_PROJECT = ROOT / "liveapp" / "lab.toml"


def program(arguments: Sequence[str] = (), original: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the words before the command's name, as they were typed.

    `liveburst` where that is on the path, `.venv/bin/python manage.py` where it was that.
    """
    arguments = arguments or sys.argv
    original = original or sys.orig_argv
    script = Path(arguments[0])
    if script.name == INSTALLED:
        found = shutil.which(INSTALLED)
        at_hand = found is not None and Path(found).samefile(script)
        return (INSTALLED if at_hand else str(script),)
    typed = tuple(original[: len(original) - len(arguments) + 1])
    if script.name == "manage.py" or typed[-2:] == ("-m", "django"):
        return typed
    return DEFAULT_PROGRAM


def suggested_command(*words: str | Path) -> str:
    """Return a command of ours for the person's shell, quoted."""
    return shlex.join([*program(), *map(str, words)])


def as_typed(path: Path) -> str:
    """Return a path relative to where the person stands where it lies below, else as it is."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return os.fspath(path)


def project_option(path: Path) -> str | None:
    """Return what `--project` must say to name a lab.toml; None for the built-in one."""
    return None if path == DEFAULT_PROJECT.resolve() else as_typed(path)
