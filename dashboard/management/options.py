"""Options and exit statuses that several commands share."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.project import Project
from dashboard.runs.planning.program import DEFAULT_PROJECT
from dashboard.targets.supervise.umask import writing_for_the_user
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan.fields import PLAN_FIELDS

from .demo import check_demo

# The options of a command by their names, as its parser has converted and checked them.
Options: TypeAlias = Mapping[str, Any]

BAD_USAGE, RUN_FAILED, NOTHING_SUCCEEDED, INTERRUPTED = 2, 3, 4, 130

# Django's system checks import every view, which takes a fifth of a command's start. They are run
# by `lab`, which serves the views.
NO_CHECKS: tuple[str, ...] = ()


def add_project(parser: ArgumentParser) -> None:
    """Add the project, and whether it may be on another machine."""
    parser.add_argument(
        "--project", type=lab_toml_path, default=DEFAULT_PROJECT, metavar="lab.toml"
    )
    parser.add_argument(
        "--allow-remote",
        action="store_true",
        help="fire at another machine, if the lab.toml allows it too",
    )


def add_numbers(parser: ArgumentParser, *names: str) -> None:
    """Add the options of these numbers of a plan."""
    for name in names:
        PLAN_FIELDS[name].add_option(parser)


def lab_toml_path(text: str) -> Path:
    """Return the path of a lab.toml, given its path or its directory; `~` is expanded."""
    path = Path(text).expanduser()
    return path / "lab.toml" if path.is_dir() else path


def read_project(options: Options) -> Project:
    """Return the project of `--project`.

    Raises InvalidManifest, or InvalidPlan if it is on another machine without `--allow-remote`.
    """
    check_demo(options["project"])
    project = load_manifest(options["project"])
    if project.remote and not options["allow_remote"]:
        names = ", ".join(project.remote)
        message = f"expected --allow-remote to fire at another machine, found {names}"
        raise InvalidPlan(Problem("project", message))
    return project


def parameter_setting(text: str) -> tuple[str, float]:
    """Return `NAME=NUMBER` as a pair; raises ArgumentTypeError."""
    name, equals, value = text.partition("=")
    try:
        if name and equals:
            return name, float(value)
    except ValueError:
        pass
    raise ArgumentTypeError(f"expected NAME=NUMBER, found {text!r}")


def check_writable(field: str, destination: str | None) -> None:
    """Raise InvalidPlan if a result could not be written there, before anything is started."""
    if destination is None or (field, destination) == ("json", "-"):
        return
    try:
        with writing_for_the_user():
            Path(destination).open("a").close()
    except OSError as error:
        expected = f"expected a file that can be written, found {destination} ({error.strerror})"
        raise InvalidPlan(Problem(field, expected)) from None
