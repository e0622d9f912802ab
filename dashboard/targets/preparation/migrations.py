"""Whether a Django project has migrations that have not been applied to its database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dashboard.project.project import Project
from dashboard.wire.errors import TargetFailed

from .project_check import run_check


@dataclass(frozen=True)
class Migrations:
    """The result of a check by the project's own Django.

    `pending` are the migrations to apply, empty if all are applied; None if that is unknown, and
    then `problem` is the reason.
    """

    pending: tuple[str, ...] | None
    problem: str = ""


async def check_migrations(
    project: Project, application: str, companions: Mapping[str, str], log_directory: Path
) -> Migrations:
    """Have the project's own Django check, without applying any, in a target's environment."""
    try:
        answer = await run_check(
            "migrations", project, application, companions, log_directory=log_directory
        )
        return Migrations(tuple(map(str, answer["pending"])))
    except TargetFailed as error:
        return Migrations(None, str(error))
    except (OSError, KeyError, TypeError):
        return Migrations(None, "the check left no answer")
