"""`--before` and `--after`: the same lanes from two versions of a project's code."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dashboard.project.model.version import MARK, Version, version_name
from dashboard.project.project import Project
from dashboard.targets.preparation.worktrees import commit_of
from dashboard.wire.errors import InvalidPlan, Problem, TargetFailed
from dashboard.wire.plan.plan import Plan

from .options import Options

BEFORE, AFTER = "before", "after"


def add_version_options(parser: ArgumentParser) -> None:
    """Add the two versions of the code that each lane is fired from."""
    parser.add_argument(
        "--before", metavar="REVISION|DIRECTORY", help="fire each lane from this version …"
    )
    parser.add_argument(
        "--after",
        metavar="REVISION|DIRECTORY",
        help="… and from this one (default: the working tree)",
    )


def with_versions(project: Project, options: Options) -> Project:
    """Return the project with the versions named on the command line; raises InvalidPlan."""
    if options[BEFORE] is None:
        if options[AFTER] is not None:
            raise InvalidPlan(Problem(AFTER, "expected --before beside it, found none"))
        return project
    now = Version(AFTER, directory=project.directory)
    after = now if options[AFTER] is None else _version(AFTER, options[AFTER])
    named = {BEFORE: _version(BEFORE, options[BEFORE]), AFTER: after}
    return replace(project, versions={**project.versions, **named})


def check_versions(project: Project, plan: Plan) -> None:
    """Raise InvalidPlan, before the plan is stored, if git has no such revision."""
    named = {version_name(lane.server) for lane in plan.lanes}
    for version in project.versions.values():
        if version.name not in named or version.revision is None:
            continue
        try:
            asyncio.run(commit_of(project.directory, version.revision))
        except TargetFailed as error:
            field = version.name if version.name in {BEFORE, AFTER} else f"version.{version.name}"
            raise InvalidPlan(Problem(field, str(error))) from None


def before_and_after(lanes: Sequence[str]) -> list[str]:
    """Return each lane twice; `before` comes first, since the first lane is the baseline."""
    return [f"{lane}{MARK}{name}" for name in (BEFORE, AFTER) for lane in lanes]


def _version(name: str, text: str) -> Version:
    """Return the version of a directory if it exists, else of a revision."""
    if Path(text).is_dir():
        return Version(name, directory=Path(text).resolve())
    if text.startswith("-"):
        raise InvalidPlan(Problem(name, f"expected a revision or a directory, found {text!r}"))
    return Version(name, revision=text)
