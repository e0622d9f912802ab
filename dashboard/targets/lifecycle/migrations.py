"""Whether a Django project has migrations that have not been applied to its database."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from dashboard.project.project import Project
from dashboard.targets.injected import CHECKER
from dashboard.targets.supervise.environment import project_environment, with_probe
from dashboard.targets.supervise.subprocesses import run_to_end
from dashboard.wire.errors import TargetFailed

SCRIPT = CHECKER / "liveburst_migrations.py"
TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Migrations:
    """The result of a check by the project's own Django.

    `pending` are the migrations to apply, empty if all are applied; None if that is unknown, and
    then `problem` is the reason.
    """

    pending: tuple[str, ...] | None
    problem: str = ""


class _Raised(TypedDict):
    type: str
    message: str


class _Answer(TypedDict, total=False):
    """What `injected/checker` reports: one of the two."""

    pending: list[str]
    error: _Raised


async def check_migrations(
    project: Project, application: str, companions: Mapping[str, str], log_directory: Path
) -> Migrations:
    """Have the project's own Django check, without applying any, in a target's environment.

    `application` is what a server would serve, `companions` what they add to the environment.
    What the check prints goes to a log; its answer is a file.
    """
    # With the probe's directory, which has Django's own application.
    env = with_probe(project_environment(project, companions))
    env["PYTHONPATH"] = os.pathsep.join([str(project.directory), env["PYTHONPATH"]])
    with tempfile.TemporaryDirectory(prefix="liveburst-") as name:
        answer = Path(name, "answer.json")
        try:
            await run_to_end(
                [project.python, str(SCRIPT), application, str(answer)],
                env=env,
                directory=project.directory,
                log=log_directory / "migrations.log",
                timeout_s=TIMEOUT_S,
            )
            return _read(json.loads(answer.read_text(encoding="utf-8")))  # noqa: ASYNC240
        except TargetFailed as error:
            return Migrations(None, str(error))
        except (OSError, ValueError, KeyError, TypeError):
            return Migrations(None, "the check left no answer")


def _read(answer: _Answer) -> Migrations:
    if "pending" in answer:
        return Migrations(tuple(map(str, answer["pending"])))
    error = answer["error"]
    return Migrations(None, f"{error['type']}: {error['message']}".removesuffix(": "))
