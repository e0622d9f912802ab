"""Inspect a Django project by its own interpreter: start the inspector, read its answer."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import cast

from dashboard.targets.injected import INSPECTOR
from dashboard.targets.supervise.environment import exported_settings, tool_environment
from dashboard.targets.supervise.log_files import read_tail
from dashboard.targets.supervise.subprocesses import run_to_end
from dashboard.wire.errors import InvalidManifest, Problem, TargetFailed
from dashboard.wire.untrusted import Json

from .inspection import Inspection, failure_lines, parse_inspection
from .inspector_answer import InspectorAnswer
from .project_search import ProjectLocation

SCRIPT = INSPECTOR / "liveburst_inspect.py"
TIMEOUT_S = 60.0
GRACE_S = 10.0  # after TIMEOUT_S, in which the inspector itself reports where the project hangs
LOG_LINES = 8


def inspect_project(
    location: ProjectLocation,
    *,
    python: Path | None,
    settings: str | None,
    timeout_s: float = TIMEOUT_S,
    rows: int = 0,
) -> Inspection:
    """Inspect the project at a location with this interpreter; None is the dashboard's own.

    `settings` is the module to use, None leaves it to manage.py. `rows` is how many the project's
    database is asked for, for each route with parameters; 0: it is not. Raises InvalidManifest if
    no settings are chosen, TargetFailed if the project does not start.
    """
    answer = _run_inspector(location, python, settings, timeout_s, rows)
    if answer.get("unnamed"):
        expected = f"expected {location.shown} to choose settings"
        message = f"{expected}, found none; give --settings MODULE"
        raise InvalidManifest(Problem("settings", message))
    if "routes" not in answer:
        raise TargetFailed(
            f"expected {_expected(answer, location)} with {python or sys.executable}, found:",
            "\n".join(f"  {line}" for line in _failure(answer, location)),
        )
    return parse_inspection(answer, location.directory, python)


def _expected(answer: InspectorAnswer, location: ProjectLocation) -> str:
    """Return the last step of the inspector, in words."""
    steps = {
        "manage": f"{location.shown} to start Django",
        "settings": f"Django to start with {answer.get('settings')}",
        "routes": f"the routes of {answer.get('settings')} to import",
    }
    return steps.get(answer.get("step", ""), f"{location.shown} to be inspected")


def _failure(answer: InspectorAnswer, location: ProjectLocation) -> list[str]:
    """Return why the last step failed: the project's exception, or else its last log lines."""
    failed = answer.get("failed")
    if failed is None:  # the process ended without the inspector noticing
        return [*answer["log"], answer["ended"] or "an end without an answer"]
    log = answer["log"] if failed.get("exits") else []
    return [*log, *failure_lines(failed, location.directory)]


def _run_inspector(
    location: ProjectLocation,
    python: Path | None,
    settings: str | None,
    timeout_s: float,
    rows: int,
) -> InspectorAnswer:
    """Return everything that was found before the inspector ended, however it ended."""
    with tempfile.TemporaryDirectory(prefix="liveburst-") as name:
        file, log = Path(name, "answer"), Path(name, "log")
        request = {
            "answer": str(file),
            "root": str(location.root),
            "manage": location.manage and str(location.manage),
            "settings": settings,
            "otherwise": location.settings,
            "directory": str(location.directory),
            "timeout_s": timeout_s,
            "rows": rows,
        }
        command = [str(python or sys.executable), str(SCRIPT), json.dumps(request)]
        ended = _run(command, location.directory, log, timeout_s + GRACE_S)
        lines = read_tail(log).splitlines()[-LOG_LINES:]
        answer = {"ended": ended, "log": lines, "root": str(location.root), **_merged(file)}
        return cast(InspectorAnswer, answer)


def _run(command: list[str], directory: Path, log: Path, timeout_s: float) -> str:
    """Run the inspector to its end; return how it failed, empty if it ended by itself."""
    try:
        asyncio.run(
            run_to_end(
                command,
                env=tool_environment(exported_settings()),
                directory=directory,
                log=log,
                timeout_s=timeout_s,
            )
        )
    except TargetFailed as error:
        return str(error).replace(" ".join(command), command[0])
    return ""


def _merged(answer: Path) -> Json:
    """Return the lines of an answer merged, later ones over earlier, up to one cut off."""
    merged: Json = {}
    lines = answer.read_text(encoding="utf-8").splitlines() if answer.is_file() else []
    for line in lines:
        try:
            merged |= json.loads(line)
        except ValueError:
            break
    return merged
