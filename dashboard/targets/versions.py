"""The directories that versions of a project are served from; git worktrees, where need be.

A worktree lies in the laboratory's own state, belongs to the process that made it, and is
removed with it; what a process left that was killed is removed by the next one.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from psutil import pid_exists

from dashboard.wire.errors import TargetFailed

from .commands import run_to_end
from .environment import project_environment
from .project import Project
from .version import Version

GIT_TIMEOUT_S = 60.0


class Versions:
    """Hands out a project as one of its versions. Lives in one event loop."""

    def __init__(self, home: Path, log_directory: Path) -> None:
        self._home = home / "versions"
        self._log = log_directory / "git.log"
        self._worktrees: dict[tuple[Path, str], Path] = {}
        self._making = asyncio.Lock()

    async def project(self, project: Project, version: Version) -> Project:
        """The project with its code as that version has it. Raises TargetFailed."""
        if version.directory is not None:
            return replace(project, directory=version.directory)
        async with self._making:
            commit = await self._commit(project.directory, version)
            key = (project.directory, commit)
            if key not in self._worktrees:
                self._worktrees[key] = await self._make(project.directory, version.name, commit)
            prefix = await self._git(project.directory, "rev-parse", "--show-prefix")
        return replace(project, directory=self._worktrees[key] / prefix)

    async def close(self) -> None:
        """Remove every worktree."""
        for (repository, _), worktree in self._worktrees.items():
            await self._remove(repository, worktree)
        self._worktrees.clear()

    async def _commit(self, repository: Path, version: Version) -> str:
        revision = f"{version.revision}^{{commit}}"
        wrong = f"version {version.name}: expected a revision, found {version.revision!r}"
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", revision)
        return await self._git(repository, *asked, otherwise=wrong)

    async def _make(self, repository: Path, name: str, commit: str) -> Path:
        await self._sweep(repository)
        worktree = self._home / f"{_slug(name)}-{commit[:12]}-{os.getpid()}"
        self._home.mkdir(parents=True, exist_ok=True)
        await self._git(repository, "worktree", "add", "--detach", str(worktree), commit)
        return worktree

    async def _sweep(self, repository: Path) -> None:
        """Remove what processes left that are gone."""
        for left in self._home.glob("*-*-*"):
            pid = left.name.rpartition("-")[2]
            if pid.isdigit() and not pid_exists(int(pid)):
                await self._remove(repository, left)

    async def _remove(self, repository: Path, worktree: Path) -> None:
        shutil.rmtree(worktree, ignore_errors=True)
        await self._git(repository, "worktree", "prune")

    async def _git(self, directory: Path, *arguments: str, otherwise: str = "") -> str:
        """What git says, without the newline at its end. Raises TargetFailed with `otherwise`."""
        with tempfile.TemporaryDirectory(prefix="liveburst-") as name:
            answer = Path(name, "answer")
            try:
                await run_to_end(
                    ["git", "-C", str(directory), *arguments],
                    env=project_environment({}, {}),
                    directory=directory,
                    log=answer,
                    errors=self._log,
                    timeout_s=GIT_TIMEOUT_S,
                )
            except TargetFailed as error:
                raise TargetFailed(otherwise or str(error), error.log_tail) from None
            return answer.read_text().rstrip("\n")  # noqa: ASYNC240 - a line or two


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", name)
