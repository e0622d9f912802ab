"""How many connections a target has, as its PostgreSQL lists them in pg_stat_activity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from dashboard.project.project import Project
from dashboard.wire.errors import TargetFailed

from .project_check import run_check


async def read_activity(
    project: Project,
    application: str,
    companions: Mapping[str, str],
    log_directory: Path,
    names: Sequence[str],
) -> dict[str, int]:
    """Return the number of connections by their application's name; empty if that is unknown.

    The project's own Django asks, so with the project's own rights: a role that may not see the
    connections of others sees those of its own, which a target's are.
    """
    try:
        answer = await run_check(
            *("activity", project, application, companions),
            log_directory=log_directory,
            arguments=names,
        )
        return {str(name): int(number) for name, number in answer["counts"].items()}
    except (TargetFailed, OSError, KeyError, TypeError, ValueError, AttributeError):
        return {}
