"""The directories that versions of a project are served from; git worktrees, where need be.

A worktree lies in the laboratory's own state, belongs to the one `Worktrees` that made it,
and is removed with it; what a process left that was killed is removed by the next one.
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
from dashboard.targets.supervise.environment import project_environment
from dashboard.targets.supervise.log_files import last_line_since
from dashboard.targets.supervise.subprocesses import run_to_end
from dashboard.wire.errors import TargetFailed

GIT_TIMEOUT_S = 60.0


class Worktrees:
    """Hands out a project as one of its versions. Lives in one event loop."""

    def __init__(self, home: Path) -> None:
        self._home = home / "versions"
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
        await self._sweep(repository)
        # A process may have several of these objects, and each removes its own worktrees only.
        own = f"{token_hex(4)}-{os.getpid()}"
        worktree = self._home / f"{_slug(name)}-{commit[:12]}-{own}"
        self._home.mkdir(parents=True, exist_ok=True)
        await _git(repository, "worktree", "add", "--detach", str(worktree), commit)
        return worktree

    async def _sweep(self, repository: Path) -> None:
        """Remove what processes left that are gone."""
        for left in self._home.glob("*-*-*"):
            pid = left.name.rpartition("-")[2]
            if pid.isdigit() and not pid_exists(int(pid)):
                await self._remove(repository, left)

    async def _remove(self, repository: Path, worktree: Path) -> None:
        shutil.rmtree(worktree, ignore_errors=True)
        await _git(repository, "worktree", "prune")


async def commit_of(repository: Path, revision: str) -> str:
    """Return the commit that a revision means; raises TargetFailed with git's own reason."""
    wrong = f"expected a revision, found {revision!r}"
    asked = ("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    return await _git(repository, *asked, failed=wrong)


async def _git(directory: Path, *arguments: str, failed: str = "") -> str:
    """Return what git says, without the newline at its end.

    Raises TargetFailed: what `failed` says, or the command's end, and git's last line.
    """
    with tempfile.TemporaryDirectory(prefix="liveburst-") as name:
        answer, complaints = Path(name, "answer"), Path(name, "complaints")
        try:
            await run_to_end(
                ["git", "-C", str(directory), *arguments],
                env=project_environment({}, {}),
                directory=directory,
                log=answer,
                errors=complaints,
                timeout_s=GIT_TIMEOUT_S,
            )
        except TargetFailed as error:
            reason = last_line_since(complaints, 0).removeprefix("fatal: ")
            said = f"{failed or error}; git says: {reason}" if reason else failed or str(error)
            raise TargetFailed(said, error.log_tail) from None
        return answer.read_text().rstrip("\n")  # noqa: ASYNC240 - a line or two


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", name)
