"""Look at a Django project through its own interpreter: start the inspector, read its answer."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.targets.injected import INSPECTOR
from dashboard.targets.supervise.environment import exported_settings, project_environment
from dashboard.targets.supervise.log_files import read_tail
from dashboard.targets.supervise.subprocesses import run_to_end
from dashboard.wire.errors import InvalidManifest, Problem, TargetFailed

from .inspection import Inspection, failure_lines, parse_inspection
from .project_search import ProjectLocation

SCRIPT = INSPECTOR / "liveburst_inspect.py"
TIMEOUT_S = 60.0
GRACE_S = 10.0  # after TIMEOUT_S the inspector itself says where the project is
LOG_LINES = 8


def inspect_project(
    place: ProjectLocation,
    *,
    python: Path | None,
    settings: str | None,
    timeout_s: float = TIMEOUT_S,
) -> Inspection:
    """Look at the project in a place with this interpreter; None is the dashboard's own.

    `settings` is the module to use, None leaves it to manage.py. Raises InvalidManifest if
    nothing says which settings it has, TargetFailed if it does not start.
    """
    answer = _ask(place, python, settings, timeout_s)
    if answer.get("unnamed"):
        message = f"expected {place.shown} to choose settings, found none; give --settings MODULE"
        raise InvalidManifest(Problem("settings", message))
    if "routes" not in answer:
        raise TargetFailed(
            f"expected {_expected(answer, place)} with {python or sys.executable}, found:",
            "\n".join(f"  {line}" for line in _found(answer, place)),
        )
    return parse_inspection(answer, place.directory, python)


def _expected(answer: Mapping[str, Any], place: ProjectLocation) -> str:
    """What was tried last, in words."""
    steps = {
        "manage": f"{place.shown} to start Django",
        "settings": f"Django to start with {answer.get('settings')}",
        "routes": f"the routes of {answer.get('settings')} to import",
    }
    return steps.get(answer.get("step", ""), f"{place.shown} to be inspected")


def _found(answer: Mapping[str, Any], place: ProjectLocation) -> list[str]:
    """Why it went no further, in the project's own words."""
    failed = answer.get("failed")
    if failed is None:  # not even Python ended it
        return [*answer["log"], answer["ended"] or "an end without an answer"]
    said = answer["log"] if failed["exits"] else []
    return [*said, *failure_lines(failed, place.directory)]


def _ask(
    place: ProjectLocation, python: Path | None, settings: str | None, timeout_s: float
) -> dict[str, Any]:
    """Everything that was found before the inspector ended, however it ended."""
    with tempfile.TemporaryDirectory(prefix="liveburst-") as name:
        file, log = Path(name, "answer"), Path(name, "log")
        request = {
            "answer": str(file),
            "root": str(place.root),
            "manage": place.manage and str(place.manage),
            "settings": settings,
            "otherwise": place.settings,
            "directory": str(place.directory),
            "timeout_s": timeout_s,
        }
        command = [str(python or sys.executable), str(SCRIPT), json.dumps(request)]
        ended = _run(command, place.directory, log, timeout_s + GRACE_S)
        lines = read_tail(log).splitlines()[-LOG_LINES:]
        return {"ended": ended, "log": lines, "root": str(place.root), **_merged(file)}


def _run(command: list[str], directory: Path, log: Path, timeout_s: float) -> str:
    """Run the inspector to its end; what there is to say of that end, empty if it was its own."""
    try:
        asyncio.run(
            run_to_end(
                command,
                env=project_environment(exported_settings(), {}),
                directory=directory,
                log=log,
                timeout_s=timeout_s,
            )
        )
    except TargetFailed as error:
        return str(error).replace(" ".join(command), command[0])
    return ""


def _merged(answer: Path) -> dict[str, Any]:
    """The lines of an answer, later ones over earlier ones, up to one that was cut off."""
    found: dict[str, Any] = {}
    lines = answer.read_text(encoding="utf-8").splitlines() if answer.is_file() else []
    for line in lines:
        try:
            found |= json.loads(line)
        except ValueError:
            break
    return found
