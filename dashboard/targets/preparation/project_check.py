"""Runs a check of `injected/checker` with a project's own Python, Django and environment."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from dashboard.project.project import Project
from dashboard.targets.injected import CHECKER
from dashboard.targets.supervise.environment import project_environment, with_probe
from dashboard.targets.supervise.subprocesses import run_to_end
from dashboard.wire.errors import TargetFailed
from dashboard.wire.untrusted import Json

TIMEOUT_S = 30.0


async def run_check(
    name: str,
    project: Project,
    application: str,
    companions: Mapping[str, str],
    *,
    log_directory: Path,
    arguments: Sequence[str] = (),
) -> Json:
    """Return what `liveburst_NAME.py` found, in a target's environment; nothing is changed.

    `application` is what a server would serve, `companions` what they add to the environment.
    What the check prints goes to a log; its answer is a file. Raises TargetFailed with the reason
    if the check did not end well, or the project raised an exception.
    """
    # With the probe's directory, which has Django's own application.
    env = with_probe(project_environment(project, companions))
    env["PYTHONPATH"] = os.pathsep.join([str(project.directory), env["PYTHONPATH"]])
    script = CHECKER / f"liveburst_{name}.py"
    with tempfile.TemporaryDirectory(prefix="liveburst-") as directory:
        file = Path(directory, "answer.json")
        await run_to_end(
            [project.python, str(script), application, str(file), *arguments],
            env=env,
            directory=project.directory,
            log=log_directory / f"{name}.log",
            timeout_s=TIMEOUT_S,
        )
        return _read_answer(file)


def _read_answer(file: Path) -> Json:
    """Return what a check left there. Raises TargetFailed if that is nothing, or an exception."""
    try:
        answer: Json = json.loads(file.read_text(encoding="utf-8"))
        error = answer.get("error")
        problem = f"{error['type']}: {error['message']}".removesuffix(": ") if error else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise TargetFailed("the check left no answer") from None
    if problem:
        raise TargetFailed(problem)
    return answer
