"""What can be done with a stored run, as its page shows it: names, formats, the command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.analysis.text.markdown import markdown
from dashboard.models import Run
from dashboard.runs.archive import kept_runs
from dashboard.runs.archive.exports import FORMATS, Format
from dashboard.runs.planning.command_line import command_line
from dashboard.runs.planning.program import program, project_option
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.wire.plan import Plan

from .serving_details import served
from .single_file import html_format


def tools_of(run: Run) -> dict[str, Any]:
    """What the tools of a run show."""
    return {
        "stored": run,
        "formats": formats(),
        "served": served(run),
        "baseline": kept_runs.baseline_of(run),
        "command": command_line(Plan.from_json(run.plan), _project_of(run), program()),
        "markdown": markdown(run.report) if run.report else "",
    }


def _project_of(run: Run) -> str | None:
    """What `--project` has to name: the dashboard's lab.toml where the run is of that project."""
    project = laboratory().project
    if run.project == project.name:
        return project_option(project.path)
    return f"lab.toml of {run.project}"


def formats() -> Mapping[str, Format]:
    """All that a run can be exported as; the page needs to know whose code it shows."""
    page = html_format(laboratory().project)
    return {**FORMATS, page.name: page}
