"""`manage.py lab init --try`: the drafted paths asked once, with one server."""

from __future__ import annotations

import asyncio
import os
from argparse import ArgumentParser
from pathlib import Path

from dashboard.home import home
from dashboard.project.labtoml.load import read_draft
from dashboard.project.project import Project
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.onboarding.draft.lab_toml import drafted
from dashboard.targets.onboarding.draft.sections import allowed_host, first_server, refuses_loopback
from dashboard.targets.onboarding.draft.trial_results import login_hint, trial_summary
from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.trial_requests import TrialResult, try_paths
from dashboard.targets.supervise.cores import Cores


def add_try_option(parser: ArgumentParser) -> None:
    """The option that asks for it."""
    parser.add_argument(
        "--try",
        action="store_true",
        help="start a server, send one GET to each path, and comment out what does not answer",
    )


def try_draft(seen: Inspection, text: str, file: Path) -> TrialResult:
    """Ask for each path of a draft with this text once, at the server of its first lanes.

    Whatever goes wrong is said in what is returned. Raises InvalidManifest where the draft's
    [project] cannot be used.
    """
    project = read_draft(text, file.absolute())
    logs = home() / "logs"
    mark = os.environ.get("LIVEBURST_MARK") or f"liveburst-{os.getpid()}"
    targets = Targets(project, mark=mark, log_directory=logs, cores=Cores.here())
    headers = {"Host": allowed_host(seen)} if refuses_loopback(seen) else {}
    return asyncio.run(
        try_paths(
            targets,
            first_server(seen),
            drafted(seen, logins=True),
            headers=headers,
            login_path=seen.login_url,
        )
    )


def trial_notes(tried: TrialResult | None, seen: Inspection) -> list[str]:
    """What came of trying, a line each; none where nobody asked for it."""
    if tried is None:
        return []
    some = any(answer.kept for answer in tried.answers.values())  # else it is the problem's
    return [trial_summary(tried), *filter(None, [login_hint(tried, seen) if some else ""])]


def trial_problem(tried: TrialResult | None, seen: Inspection, project: Project, file: Path) -> str:
    """Why a draft that was written cannot be fired at as it is, or was not tried; else empty."""
    if tried is None:
        return ""
    if tried.failure:
        return f"{file} was written, untried.\n{tried.log_tail}".rstrip()
    if not project.scenarios:
        written = f"{file} was written: each path is in it as a comment, with what it answered."
        return f"{written}\n{login_hint(tried, seen)}".rstrip()
    return ""
