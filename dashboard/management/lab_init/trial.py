"""`manage.py lab init --try`: one request to each drafted path, under one server."""

from __future__ import annotations

import asyncio
import os
from argparse import ArgumentParser
from pathlib import Path

from dashboard.project.labtoml.load import read_draft
from dashboard.project.project import Project
from dashboard.state.home import home
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.onboarding.draft.lab_toml import drafted_paths
from dashboard.targets.onboarding.draft.server_choice import first_server
from dashboard.targets.onboarding.draft.trial_results import (
    login_hint,
    login_variables,
    trial_summary,
)
from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.trial_requests import TrialResult, try_paths
from dashboard.targets.supervise.cores import Cores


def add_try_option(parser: ArgumentParser) -> None:
    """Add `--try`."""
    parser.add_argument(
        "--try",
        action="store_true",
        help="start a server, send one GET to each path, and comment out those that fail",
    )


def try_draft(inspection: Inspection, text: str, file: Path) -> TrialResult:
    """Request each path of a draft once, under the server of its first lanes.

    Failures are part of the result. Raises InvalidManifest if the draft's [project] is not valid.
    """
    project = read_draft(text, file.absolute())
    logs = home() / "logs"
    mark = os.environ.get("LIVEBURST_MARK") or f"liveburst-{os.getpid()}"
    targets = Targets(project, mark=mark, log_directory=logs, cores=Cores.here())
    return asyncio.run(
        try_paths(
            targets,
            first_server(inspection),
            drafted_paths(inspection, logins=True),
            headers={"Host": inspection.allowed_host} if inspection.refuses_loopback else {},
            login_path=inspection.login_url,
            credentials=login_variables(inspection),
        )
    )


def trial_notes(trial: TrialResult | None, inspection: Inspection) -> list[str]:
    """Return what to print of a trial, a line each; nothing without one."""
    if trial is None:
        return []
    # If no path is usable, `trial_problem` has the hint.
    any_usable = any(answer.usable for answer in trial.answers.values())
    hint = login_hint(trial, inspection) if any_usable else ""
    return [trial_summary(trial), *filter(None, [hint])]


def trial_problem(
    trial: TrialResult | None, inspection: Inspection, project: Project, file: Path
) -> str:
    """Return why a written draft cannot be fired at unchanged, or was not tried; else empty."""
    if trial is None:
        return ""
    if trial.failure:
        return f"{file} was written, untried.\n{trial.log_tail}".rstrip()
    if not project.scenarios:
        written = f"{file} was written: each path is in it as a comment, with what it answered."
        return f"{written}\n{login_hint(trial, inspection)}".rstrip()
    return ""
