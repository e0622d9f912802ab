"""`manage.py lab init PATH`: a lab.toml for somebody's project, drafted, checked, written."""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dashboard.management.terminal.prompts import ask, choose
from dashboard.project.labtoml.load import load_manifest, read_draft
from dashboard.project.labtoml.schema import SCHEMA_FILE, lab_schema
from dashboard.project.project import Project
from dashboard.targets.onboarding.draft.lab_toml import draft, has_scenario
from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.inspector import inspect_project
from dashboard.targets.onboarding.interpreter_search import Interpreter, find_interpreter
from dashboard.targets.onboarding.project_search import ProjectLocation, find_projects
from dashboard.wire.errors import InvalidManifest, Problem, TargetFailed

from .trial import add_try_option, trial_notes, trial_problem, try_draft

NAME = "lab.toml"
OURS = "python"  # as project.python says it in a lab.toml


@dataclass(frozen=True)
class InitResult:
    """A lab.toml that was written, what it says, and what it was made from, a line each.

    `problem` says why it cannot be fired at as it is, empty where it can.
    """

    file: Path
    project: Project
    notes: tuple[str, ...]
    problem: str = ""


def add_init_options(parser: ArgumentParser) -> None:
    """What `lab init` may be told."""
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="a directory of the project, or its manage.py"
    )
    parser.add_argument(
        "--python",
        help=f"the project's interpreter, '{OURS}' for Liveburst's own; else it is searched for",
    )
    parser.add_argument(
        "--settings",
        dest="settings_module",
        metavar="MODULE",
        help="else those that its manage.py chooses",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help=f"else PATH/{NAME}")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    add_try_option(parser)


def init(options: Mapping[str, Any]) -> InitResult:
    """Look at a project and write its lab.toml.

    Raises InvalidManifest where there is no project, or nothing in it to fire at, or a file
    that must not be lost; TargetFailed where the project does not start.
    """
    named = _named(options["python"]) if options["python"] else None
    given = _file(options["output"], options["force"]) if options["output"] else None
    place = _place(options["path"], options["settings_module"])
    file = given or _file(_beside(options["path"], place) / NAME, options["force"])
    python = named or _interpreter(place)
    seen = _inspected(place, python, options["settings_module"])
    text = draft(seen, file.parent.resolve())
    tried = try_draft(seen, text, file) if options["try"] else None
    if tried is not None:
        text = draft(seen, file.parent.resolve(), tried)
    elif not has_scenario(text):
        message = "expected a route that answers GET without values and login, found none"
        raise InvalidManifest(Problem("path", message))
    notes = (
        f"Project: {place.shown}, {place.why}.",
        f"Interpreter: {python.python}, {python.why}.",
        f"Settings: {seen.settings or 'those in manage.py'}.",
        *trial_notes(tried, seen),
    )
    project = _write(file, text)
    _write_schema(file.parent / SCHEMA_FILE, options["force"])
    return InitResult(file, project, notes, trial_problem(tried, seen, project, file))


def _inspected(place: ProjectLocation, python: Interpreter, settings: str | None) -> Inspection:
    """Look at the project; where it does not start, say how the interpreter was found."""
    given = None if python.is_ours else python.python
    try:
        return inspect_project(place, python=given, settings=settings)
    except TargetFailed as error:
        why = f"  (the interpreter is {python.why}; --python takes another)"
        raise TargetFailed(str(error), f"{error.log_tail}\n{why}") from None


def _place(path: Path, settings: str | None) -> ProjectLocation:
    """Where the project is; the person decides between several."""
    if not path.exists():
        message = f"expected a directory, found {str(path)!r}"
        raise InvalidManifest(Problem("path", message))
    places = find_projects(path)
    if not places and settings and path.is_dir():
        root = path.resolve()
        return ProjectLocation(root=root, directory=root, settings=settings, why="as given")
    if not places:
        message = f"expected a manage.py in, below or above {path.resolve()}, found none"
        raise InvalidManifest(Problem("path", f"{message}; --settings MODULE does without"))
    if len(places) == 1:
        return places[0]
    names = [place.shown for place in places]
    option = "one of them as PATH" if places[0].manage else "one by --settings MODULE"
    number = choose("path", f"found {len(places)} projects", names, option)
    return places[number]


def _beside(path: Path, place: ProjectLocation) -> Path:
    """The directory given, unless that is somewhere inside the project."""
    above = path.is_dir() and place.directory.is_relative_to(path.resolve())
    return path if above else place.directory


def _file(file: Path, force: bool) -> Path:
    if file.exists() and not force:
        message = f"{file} is there already; expected --force to write over it, or -o"
        raise InvalidManifest(Problem("output", message))
    if not file.parent.is_dir():
        raise InvalidManifest(Problem("output", f"expected a file in a directory, found {file}"))
    return file


def _interpreter(place: ProjectLocation) -> Interpreter:
    """The one that was found, or that the person names."""
    found = find_interpreter(place, os.environ)
    if found is not None:
        return found
    answer = ask(
        "python",
        f"found no virtualenv of {place.directory}",
        f"Its interpreter (Enter: Liveburst's own, {sys.executable}): ",
        f"--python PATH/bin/python, or --python {OURS} for Liveburst's own ({sys.executable})",
    )
    return _named(answer or OURS)


def _named(given: str) -> Interpreter:
    """By the name it was given: a virtualenv's interpreter is a symbolic link to another one."""
    if given == OURS:
        return Interpreter(Path(sys.executable), "Liveburst's own")
    python = Path(given).expanduser()
    if (python / "bin" / "python").is_file():
        python = python / "bin" / "python"
    if not python.is_file():
        raise InvalidManifest(Problem("python", f"expected an interpreter, found {given!r}"))
    return Interpreter(python.absolute(), "as given")


def _write(file: Path, text: str) -> Project:
    """Write it whole or not at all: a draft that could not be read is none."""
    descriptor, partial = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            output.write(text)
        Path(partial).chmod(0o644)
        project = _read(Path(partial), text)
        Path(partial).replace(file)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    return replace(project, path=file.resolve())


def _write_schema(file: Path, force: bool) -> None:
    """Write the schema to which the draft's first line refers an editor.

    It has to be beside the draft: no address of it would be right on every machine.
    """
    if force or not file.exists():
        file.write_text(lab_schema(), encoding="utf-8")


def _read(partial: Path, text: str) -> Project:
    """What the draft says. Only one of which no path answered has no scenario to be fired at."""
    return load_manifest(partial) if has_scenario(text) else read_draft(text, partial)
