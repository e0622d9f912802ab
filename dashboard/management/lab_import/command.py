"""`manage.py lab import FILE [PATH]`: a lab.toml from the requests that a project had."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from dashboard.management.lab_init.choices import (
    choose_interpreter,
    choose_location,
    named_interpreter,
    writable_file,
)
from dashboard.management.lab_init.command import (
    InitResult,
    add_project_options,
    inspected,
    inspection_notes,
)
from dashboard.management.lab_init.written import rows_written, write_draft, write_schema
from dashboard.management.options import Options
from dashboard.project.project import Project
from dashboard.targets.onboarding.traffic.destination import Destination
from dashboard.targets.onboarding.traffic.draft_traffic import (
    draft_traffic,
    named_views,
    traffic_files,
)
from dashboard.targets.onboarding.traffic.read_traffic import Traffic, read_traffic
from dashboard.targets.onboarding.traffic.selection import METHODS, READING, Choice
from dashboard.wire.errors import InvalidManifest, Problem
from dashboard.wire.plural import counted

NAME = "traffic.toml"
URL = "http://127.0.0.1:8000"
MOST_NOTES = 12  # printed; the draft has all of them


def add_import_options(parser: ArgumentParser) -> None:
    """Add the arguments of `lab import`."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="an access log (combined or common format), a HAR file, or an OpenAPI description",
    )
    parser.add_argument(
        "path",
        type=Path,
        nargs="?",
        metavar="PATH",
        help="the project's directory, or its manage.py: its routes name the paths",
    )
    parser.add_argument(
        "--url", default=URL, help="without PATH: what is fired at, which runs already"
    )
    add_project_options(parser)
    parser.add_argument(
        "--method",
        action="append",
        choices=[method for method in METHODS if method not in READING],
        default=[],
        help="take in requests of this method, which writes; may be repeated",
    )
    parser.add_argument("--bodies", action="store_true", help="take in the bodies of such requests")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help=f"default: {NAME}")
    parser.add_argument("--force", action="store_true", help="overwrite existing files")


def import_traffic(options: Options) -> InitResult:
    """Read the requests and write a lab.toml with its files.

    Raises InvalidTraffic if the file cannot be read, InvalidManifest if there is no request to be
    taken in or a file must not be overwritten, TargetFailed if the project does not start.
    """
    file = writable_file(options["output"] or Path(NAME), options["force"])
    destination, notes = _destination(options)
    routes = destination.inspection.routes if destination.inspection else ()
    choice = Choice(frozenset(options["method"]), options["bodies"])
    traffic = read_traffic(options["file"], choice, routes)
    if not traffic.views:
        reasons = " ".join(traffic.left_out[:MOST_NOTES])
        message = f"expected a request that can be taken in, found none. {reasons}"
        raise InvalidManifest(Problem(options["file"].name, message.rstrip()))
    project = _write(traffic, destination, file, options)
    return InitResult(
        file,
        project,
        (*notes, _summary(traffic, project), *_shortened(traffic.left_out)),
        "" if project.scenarios else f"{file} was written: each path is in it as a comment.",
    )


def _destination(options: Options) -> tuple[Destination, tuple[str, ...]]:
    """Return what is to be fired at, and a line each on the project."""
    if options["path"] is None:
        return Destination(options["url"]), ()
    python = named_interpreter(options["python"]) if options["python"] else None
    location = choose_location(options["path"], options["settings_module"])
    python = python or choose_interpreter(location)
    inspection = inspected(location, python, options["settings_module"])
    notes = inspection_notes(location, python, inspection)
    return Destination(options["url"], inspection), notes


def _write(traffic: Traffic, destination: Destination, file: Path, options: Options) -> Project:
    rows_directory = f"{file.stem}-rows"
    named = named_views(traffic, rows_directory)
    location = file.parent.resolve()
    with rows_written(location, traffic_files(traffic, named, rows_directory), options["force"]):
        text = draft_traffic(
            traffic,
            named,
            destination,
            location,
            source=options["file"].name,
            rows_directory=rows_directory,
        )
        project = write_draft(file, text)
    write_schema(location, options["force"])
    return project


def _summary(traffic: Traffic, project: Project) -> str:
    if not traffic.minutes:
        operations = counted(len(traffic.views), "operation")
        return f"Read: {operations}, {len(project.unmixed)} of them can be fired at as they are."
    return (
        f"Read: {counted(traffic.requests, 'request')}, {traffic.taken_in:,} of them taken in, to"
        f" {counted(len(traffic.views), 'path')}."
    )


def _shortened(notes: Sequence[str]) -> list[str]:
    rest = len(notes) - MOST_NOTES
    more = [f"{counted(rest, 'more note')} in the draft."] if rest > 0 else []
    return [*notes[:MOST_NOTES], *more]
