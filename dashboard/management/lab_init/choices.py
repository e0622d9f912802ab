"""Which project, interpreter and file `lab init` uses: from options, by search, or by question."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dashboard.management.terminal.prompts import ask, choose
from dashboard.targets.onboarding.interpreter_search import Interpreter, find_interpreter
from dashboard.targets.onboarding.project_search import ProjectLocation, find_projects
from dashboard.wire.errors import InvalidManifest, Problem

NAME = "lab.toml"
OURS = "python"  # as in project.python of a lab.toml


def choose_location(path: Path, settings: str | None) -> ProjectLocation:
    """Return the project's location; prompts if there are several."""
    if not path.exists():
        message = f"expected a directory, found {str(path)!r}"
        raise InvalidManifest(Problem("path", message))
    locations = find_projects(path)
    if not locations and settings and path.is_dir():
        root = path.resolve()
        return ProjectLocation(root=root, directory=root, settings=settings, why="as given")
    if not locations:
        message = f"expected a manage.py in, below or above {path.resolve()}, found none"
        raise InvalidManifest(Problem("path", f"{message}; --settings MODULE does without"))
    if len(locations) == 1:
        return locations[0]
    names = [location.shown for location in locations]
    option = "one of them as PATH" if locations[0].manage else "one by --settings MODULE"
    return locations[choose("path", f"found {len(locations)} projects", names, option)]


def default_file(path: Path, location: ProjectLocation) -> Path:
    """Return the lab.toml in the given directory, or in the project's if that is not below it."""
    is_above = path.is_dir() and location.directory.is_relative_to(path.resolve())
    return (path if is_above else location.directory) / NAME


def writable_file(file: Path, force: bool) -> Path:
    """Return `file`. Raises InvalidManifest if it exists, without `force`, or has no directory."""
    if file.exists() and not force:
        message = f"{file} exists already; expected --force to overwrite it, or -o"
        raise InvalidManifest(Problem("output", message))
    if not file.parent.is_dir():
        raise InvalidManifest(Problem("output", f"expected a file in a directory, found {file}"))
    return file


def choose_interpreter(location: ProjectLocation) -> Interpreter:
    """Return the project's interpreter; prompts if none is found."""
    interpreter = find_interpreter(location, os.environ)
    if interpreter is not None:
        return interpreter
    answer = ask(
        "python",
        f"found no virtualenv of {location.directory}",
        f"Its interpreter (Enter: Liveburst's own, {sys.executable}): ",
        f"--python PATH/bin/python, or --python {OURS} for Liveburst's own ({sys.executable})",
    )
    return named_interpreter(answer or OURS)


def named_interpreter(text: str) -> Interpreter:
    """Return the interpreter that was named, or that of a virtualenv that was named.

    Its path is kept as given: a virtualenv's interpreter is a symbolic link to another one.
    """
    if text == OURS:
        return Interpreter(Path(sys.executable), "Liveburst's own")
    python = Path(text).expanduser()
    if (python / "bin" / "python").is_file():
        python = python / "bin" / "python"
    if not python.is_file():
        raise InvalidManifest(Problem("python", f"expected an interpreter, found {text!r}"))
    return Interpreter(python.absolute(), "as given")
