"""Whether a Django project has migrations that its database has not."""

from __future__ import annotations

from pathlib import Path

from dashboard.wire.errors import TargetFailed

from .commands import run_to_end
from .environment import project_environment
from .project import Project

TIMEOUT_S = 30.0


async def pending_migrations(project: Project, log_directory: Path) -> bool:
    """Ask the project's own Django, which only looks; False where it cannot be told."""
    settings = project.env.get("DJANGO_SETTINGS_MODULE")
    if settings is None:
        return False
    log = log_directory / "migrations.log"
    log.unlink(missing_ok=True)
    try:
        await run_to_end(
            [project.python, "-m", "django", "migrate", "--check"],
            env={**project_environment(project.env, {}), "PYTHONPATH": str(project.directory)},
            directory=project.directory,
            log=log,
            timeout_s=TIMEOUT_S,
        )
    except TargetFailed as error:
        return "Traceback" not in error.log_tail
    return False
