"""`manage.py lab init PATH`: a lab.toml for a project: drafted, checked, written."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dashboard.project.labtoml.load import load_manifest, read_draft
from dashboard.project.labtoml.schema import SCHEMA_FILE, lab_schema
from dashboard.project.project import Project
from dashboard.targets.onboarding.draft.lab_toml import draft_lab_toml, has_scenario
from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.inspector import inspect_project
from dashboard.targets.onboarding.interpreter_search import Interpreter
from dashboard.targets.onboarding.project_search import ProjectLocation
from dashboard.targets.supervise.umask import writing_for_the_user
from dashboard.wire.errors import InvalidManifest, Problem, TargetFailed

from .choices import (
    NAME,
    OURS,
    choose_interpreter,
    choose_location,
    default_file,
    named_interpreter,
    writable_file,
)
from .trial import add_try_option, trial_notes, trial_problem, try_draft


@dataclass(frozen=True)
class InitResult:
    """A lab.toml that was written, its project, and a line each on what it was made from.

    `problem` is why it cannot be fired at unchanged, empty if it can.
    """

    file: Path
    project: Project
    notes: tuple[str, ...]
    problem: str = ""


def add_init_options(parser: ArgumentParser) -> None:
    """Add the arguments of `lab init`."""
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="a directory of the project, or its manage.py"
    )
    parser.add_argument(
        "--python",
        help=f"the project's interpreter, '{OURS}' for Liveburst's own (default: search for it)",
    )
    parser.add_argument(
        "--settings",
        dest="settings_module",
        metavar="MODULE",
        help="the settings (default: those that its manage.py chooses)",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help=f"default: PATH/{NAME}")
    parser.add_argument("--force", action="store_true", help="overwrite an existing file")
    add_try_option(parser)


def init(options: Mapping[str, Any]) -> InitResult:
    """Inspect a project and write its lab.toml.

    Raises InvalidManifest if there is no project, nothing in it to fire at, or a file that must
    not be overwritten; TargetFailed if the project does not start.
    """
    python = named_interpreter(options["python"]) if options["python"] else None
    output = writable_file(options["output"], options["force"]) if options["output"] else None
    location = choose_location(options["path"], options["settings_module"])
    file = output or writable_file(default_file(options["path"], location), options["force"])
    python = python or choose_interpreter(location)
    inspection = _inspect(location, python, options["settings_module"])
    text = draft_lab_toml(inspection, file.parent.resolve())
    trial = try_draft(inspection, text, file) if options["try"] else None
    if trial is not None:
        text = draft_lab_toml(inspection, file.parent.resolve(), trial)
    elif not has_scenario(text):
        message = "expected a route that answers GET without values and login, found none"
        raise InvalidManifest(Problem("path", message))
    notes = (
        f"Project: {location.shown}, {location.why}.",
        f"Interpreter: {python.python}, {python.why}.",
        f"Settings: {inspection.settings or 'those in manage.py'}.",
        *trial_notes(trial, inspection),
    )
    project = _write(file, text)
    _write_schema(file.parent / SCHEMA_FILE, options["force"])
    return InitResult(file, project, notes, trial_problem(trial, inspection, project, file))


def _inspect(location: ProjectLocation, python: Interpreter, settings: str | None) -> Inspection:
    """Inspect the project; if it does not start, add how the interpreter was found."""
    path = None if python.is_ours else python.python
    try:
        return inspect_project(location, python=path, settings=settings)
    except TargetFailed as error:
        hint = f"  (the interpreter is {python.why}; --python takes another)"
        raise TargetFailed(str(error), f"{error.log_tail}\n{hint}") from None


def _write(file: Path, text: str) -> Project:
    """Write the draft and return its project; write nothing if the draft is not valid."""
    descriptor, partial = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            output.write(text)
        Path(partial).chmod(0o644)
        project = _load(Path(partial), text)
        Path(partial).replace(file)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    return replace(project, path=file.resolve())


def _write_schema(file: Path, force: bool) -> None:
    """Write the schema to which the draft's first line refers an editor.

    It has to be in the draft's directory: no address of it would be right on every machine.
    """
    if force or not file.exists():
        with writing_for_the_user():
            file.write_text(lab_schema(), encoding="utf-8")


def _load(file: Path, text: str) -> Project:
    """Load the draft; one of which no path answered has no scenarios."""
    return load_manifest(file) if has_scenario(text) else read_draft(text, file)
