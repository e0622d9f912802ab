"""Imports a large file in a process of its own, so that pages do not wait for it.

Parsing JSON holds Python's lock: a file of 150 MB made other pages wait for 12 s. The process
appends what it does to a file, a JSON object per line, whose last line is the state of the import.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dashboard.state.home import ROOT
from dashboard.targets.supervise.launcher import Child, launch

COMMAND: Final = ("-m", "django", "import_run", "--progress")
MOST_REMEMBERED: Final = 20
_FILE, _STEPS, _ERRORS = "run.json", "steps.jsonl", "errors.log"


@dataclass(frozen=True)
class ImportState:
    """What an import does: a step while it works, at its end the run or the problems."""

    step: str = "Waiting"
    run: str = ""
    problems: Sequence[str] = ()

    @property
    def ended(self) -> bool:
        """True once there is a run or a problem."""
        return bool(self.run or self.problems)


class ImportProcess:
    """One import; `state` is read from what the process has written so far."""

    def __init__(self, directory: Path, child: Child) -> None:
        self._directory = directory
        self._child = child
        self._final: ImportState | None = None
        self._task = asyncio.ensure_future(self._wait())

    @property
    def state(self) -> ImportState:
        """What the import does, or its result."""
        return self._final or _state_in(self._directory / _STEPS)

    async def _wait(self) -> None:
        try:
            status = await self._child.wait()
            state = _state_in(self._directory / _STEPS)
            if not state.ended:
                problem = f"file: the import ended with status {status}; nothing was stored"
                state = ImportState(problems=[problem])
            self._final = state
        finally:
            shutil.rmtree(self._directory, ignore_errors=True)


def _state_in(steps: Path) -> ImportState:
    """Return the state that the last complete line of the file describes."""
    try:
        lines = steps.read_text().split("\n")[:-1]
        return ImportState(**json.loads(lines[-1])) if lines else ImportState()
    except OSError:
        return ImportState()


class Imports:
    """The imports of this dashboard, one at a time."""

    def __init__(self, home: Path) -> None:
        self._directory = home / "imports"
        self._processes: dict[str, ImportProcess] = {}
        self._starting = False

    @property
    def busy(self) -> bool:
        """True while a file is imported."""
        running = (not process.state.ended for process in self._processes.values())
        return self._starting or any(running)

    def state_of(self, import_id: str) -> ImportState | None:
        """Return the state of an import; None if there is none of this id."""
        process = self._processes.get(import_id)
        return process.state if process else None

    async def start(self, file: Path) -> str:
        """Import a file, which is moved; return the id of the import."""
        self._starting = True
        try:
            return await self._start(file)
        finally:
            self._starting = False

    async def _start(self, file: Path) -> str:
        if not self._processes:  # what an earlier dashboard left
            shutil.rmtree(self._directory, ignore_errors=True)
        import_id = secrets.token_hex(8)
        directory = self._directory / import_id
        directory.mkdir(parents=True)
        await asyncio.to_thread(shutil.move, file, directory / _FILE)
        self._processes[import_id] = ImportProcess(directory, await _launch(directory))
        while len(self._processes) > MOST_REMEMBERED:
            del self._processes[next(iter(self._processes))]
        return import_id


async def _launch(directory: Path) -> Child:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "dashboard.settings"}
    with (directory / _STEPS).open("wb") as steps, (directory / _ERRORS).open("wb") as errors:
        return await launch(
            [sys.executable, *COMMAND, str(directory / _FILE)],
            env=env,
            cores=_own_cores(),
            cwd=ROOT,
            stdout=steps,
            stderr=errors,
        )


def _own_cores() -> tuple[int, ...]:
    """Return the dashboard's cores, where an import disturbs no run more than pages do."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    return tuple(sorted(os.sched_getaffinity(0)))
