"""`manage.py lab init PATH`: a lab.toml for a project: drafted, checked, written."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

from dashboard.management.options import Options
from dashboard.project.project import Project
from dashboard.targets.onboarding.draft.lab_toml import draft_lab_toml, has_scenario
from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.inspector import inspect_project
from dashboard.targets.onboarding.interpreter_search import Interpreter
from dashboard.targets.onboarding.project_search import ProjectLocation
from dashboard.targets.onboarding.route_rows import MOST_ROWS, rows_files, rows_summary
from dashboard.targets.onboarding.trial_requests import TrialResult
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
from .written import delete_rows, rows_written, write_draft, write_schema


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
    add_project_options(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help=f"default: PATH/{NAME}")
    parser.add_argument("--force", action="store_true", help="overwrite an existing file")
    parser.add_argument(
        "--rows",
        action="store_true",
        help="read values for the parameters in paths from the project's database, at most"
        f" {MOST_ROWS} of each route; nothing is written to it",
    )
    add_try_option(parser)


def add_project_options(parser: ArgumentParser) -> None:
    """Add the interpreter and the settings of a project."""
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


def init(options: Options) -> InitResult:
    """Inspect a project and write its lab.toml.

    Raises InvalidManifest if there is no project, nothing in it to fire at, or a file that must
    not be overwritten; TargetFailed if the project does not start.
    """
    python = named_interpreter(options["python"]) if options["python"] else None
    output = writable_file(options["output"], options["force"]) if options["output"] else None
    location = choose_location(options["path"], options["settings_module"])
    file = output or writable_file(default_file(options["path"], location), options["force"])
    python = python or choose_interpreter(location)
    rows = MOST_ROWS if options["rows"] else 0
    inspection = inspected(location, python, options["settings_module"], rows)
    project, trial = _write(inspection, file, options)
    notes = (
        *inspection_notes(location, python, inspection),
        *([rows_summary(inspection.routes)] if rows else []),
        *trial_notes(trial, inspection),
    )
    return InitResult(file, project, notes, trial_problem(trial, inspection, project, file))


def inspection_notes(
    location: ProjectLocation, python: Interpreter, inspection: Inspection
) -> tuple[str, ...]:
    """Return a line each on what was inspected."""
    return (
        f"Project: {location.shown}, {location.why}.",
        f"Interpreter: {python.python}, {python.why}.",
        f"Settings: {inspection.settings or 'those in manage.py'}.",
    )


def _write(
    inspection: Inspection, file: Path, options: Options
) -> tuple[Project, TrialResult | None]:
    """Draft, try if wanted, and write the draft with its files."""
    directory = file.parent.resolve()
    rows = rows_files(inspection.routes)
    with rows_written(directory, rows, options["force"]):
        text = draft_lab_toml(inspection, directory)
        trial = try_draft(inspection, text, file) if options["try"] else None
        if trial is not None:
            text = draft_lab_toml(inspection, directory, trial)
        elif not has_scenario(text):
            message = "expected a route that answers GET without values and login, found none"
            raise InvalidManifest(Problem("path", message))
        project = write_draft(file, text)
    delete_rows([directory / each.name for each in rows if each.name not in text])
    write_schema(directory, options["force"])
    return project, trial


def inspected(
    location: ProjectLocation, python: Interpreter, settings: str | None, rows: int = 0
) -> Inspection:
    """Inspect the project; if it does not start, add how the interpreter was found."""
    path = None if python.is_ours else python.python
    try:
        return inspect_project(location, python=path, settings=settings, rows=rows)
    except TargetFailed as error:
        hint = f"  (the interpreter is {python.why}; --python takes another)"
        raise TargetFailed(str(error), f"{error.log_tail}\n{hint}") from None
