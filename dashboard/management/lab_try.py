"""`manage.py lab init --try`: the drafted paths asked once, with one server."""

from __future__ import annotations

import asyncio
import os
from argparse import ArgumentParser
from pathlib import Path

from dashboard.home import home
from dashboard.targets.cores import Cores
from dashboard.targets.draft import drafted
from dashboard.targets.draft_text import allowed_host, first_server, refuses_loopback
from dashboard.targets.draft_tried import tried_summary
from dashboard.targets.inspection import Inspection
from dashboard.targets.manifest import Project, read_project_table
from dashboard.targets.pool import Targets
from dashboard.targets.trying import Tried, try_paths


def add_try(parser: ArgumentParser) -> None:
    """The option that asks for it."""
    parser.add_argument(
        "--try",
        action="store_true",
        help="start a server, send one GET to each path, and comment out what does not answer",
    )


def try_draft(seen: Inspection, text: str, file: Path) -> Tried:
    """Ask for each path of a draft with this text once, at the server of its first lanes.

    Whatever goes wrong is said in what is returned. Raises InvalidManifest where the draft's
    [project] cannot be used.
    """
    project = read_project_table(text, file.absolute())
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


def note_of(tried: Tried | None) -> list[str]:
    """What came of trying, in a line; none where nobody asked for it."""
    return [] if tried is None else [tried_summary(tried)]


def problem_of(tried: Tried | None, project: Project, file: Path) -> str:
    """Why a draft that was written cannot be fired at as it is, or was not tried; else empty."""
    if tried is None:
        return ""
    if tried.failure:
        return f"{file} was written, untried.\n{tried.log_tail}".rstrip()
    if not project.scenarios:
        return f"{file} was written: each path is in it as a comment, with what it answered."
    return ""
