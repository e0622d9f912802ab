"""The directories that versions of a project are served from; git worktrees for revisions.

A worktree is made in LIVEBURST_HOME, belongs to the `Worktrees` object that made it, and is
removed with it; those that a killed process left are removed by the next one.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

from psutil import pid_exists

from dashboard.project.model.version import Version
from dashboard.project.project import Project
from dashboard.targets.supervise.environment import tool_environment
from dashboard.targets.supervise.log_files import last_line_since
from dashboard.targets.supervise.subprocesses import run_to_end
from dashboard.wire.errors import TargetFailed

GIT_TIMEOUT_S = 60.0


class Worktrees:
    """Makes the directories of a project's versions. To be used in one event loop."""

    def __init__(self, home: Path) -> None:
        self._home = home / "versions"
        self._worktrees: dict[tuple[Path, str], Path] = {}
        self._making = asyncio.Lock()

    async def project_at(self, project: Project, version: Version) -> Project:
        """Return the project with the directory of a version of its code. Raises TargetFailed."""
        if version.directory is not None:
            return replace(project, directory=version.directory)
        async with self._making:
            commit = await self._commit(project.directory, version)
            key = (project.directory, commit)
            if key not in self._worktrees:
                self._worktrees[key] = await self._make(project.directory, version.name, commit)
            prefix = await _git(project.directory, "rev-parse", "--show-prefix")
        return replace(project, directory=self._worktrees[key] / prefix)

    async def close(self) -> None:
        """Remove every worktree."""
        for (repository, _), worktree in self._worktrees.items():
            await self._remove(repository, worktree)
        self._worktrees.clear()

    async def _commit(self, repository: Path, version: Version) -> str:
        try:
            return await commit_of(repository, version.revision or "")
        except TargetFailed as error:
            raise TargetFailed(f"version {version.name}: {error}", error.log_tail) from None

    async def _make(self, repository: Path, name: str, commit: str) -> Path:
        await self._remove_abandoned(repository)
        # A process may have several of these objects, each of which removes only its own.
        owner = f"{token_hex(4)}-{os.getpid()}"
        worktree = self._home / f"{_slug(name)}-{commit[:12]}-{owner}"
        self._home.mkdir(parents=True, exist_ok=True)
        await _git(repository, "worktree", "add", "--detach", str(worktree), commit)
        return worktree

    async def _remove_abandoned(self, repository: Path) -> None:
        """Remove the worktrees of processes that no longer exist."""
        for worktree in self._home.glob("*-*-*"):
            pid = worktree.name.rpartition("-")[2]
            if pid.isdigit() and not pid_exists(int(pid)):
                await self._remove(repository, worktree)

    async def _remove(self, repository: Path, worktree: Path) -> None:
        shutil.rmtree(worktree, ignore_errors=True)
        await _git(repository, "worktree", "prune")


async def commit_of(repository: Path, revision: str) -> str:
    """Return the commit that a revision names; raises TargetFailed with git's own reason."""
    return await _git(
        repository,
        *("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"),
        failure=f"expected a revision, found {revision!r}",
    )


async def _git(directory: Path, *arguments: str, failure: str = "") -> str:
    """Return git's output without the newline at its end.

    Raises TargetFailed with `failure`, or how the command ended, and git's last line.
    """
    with tempfile.TemporaryDirectory(prefix="liveburst-") as name:
        output, errors = Path(name, "output"), Path(name, "errors")
        try:
            await run_to_end(
                ["git", "-C", str(directory), *arguments],
                env=tool_environment({}),
                directory=directory,
                log=output,
                errors=errors,
                timeout_s=GIT_TIMEOUT_S,
            )
        except TargetFailed as error:
            reason = last_line_since(errors, 0).removeprefix("fatal: ")
            message = failure or str(error)
            message += f"; git: {reason}" if reason else ""
            raise TargetFailed(message, error.log_tail) from None
        return output.read_text().rstrip("\n")  # noqa: ASYNC240 - a line or two


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", name)
