"""The tools of a stored run on its page: name, export formats, the command to repeat it."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.analysis.text.markdown import markdown
from dashboard.models import Run
from dashboard.runs.archive import stored_runs
from dashboard.runs.archive.exports import FORMATS, Format
from dashboard.runs.planning.command_line import command_line
from dashboard.runs.planning.program import program, project_option
from dashboard.runs.reports.stored import stored_report
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.web.shared.template_context import TemplateContext
from dashboard.wire.plan.plan import Plan

from .card.card import CARD
from .serving_details import serving_details
from .single_file import html_format


def tools_of(run: Run) -> TemplateContext:
    """Return the template context of the tools."""
    report = stored_report(run)
    return {
        "run_record": run,
        "formats": [name for name, form in formats().items() if form.has_content(run)],
        "serving": serving_details(run),
        "baseline": stored_runs.baseline_of(run),
        "command": command_line(Plan.from_json(run.plan), _project_of(run), program()),
        "markdown": markdown(report) if report else "",
    }


def _project_of(run: Run) -> str | None:
    """Return the value of `--project`: the dashboard's lab.toml if the run is of its project."""
    project = laboratory().project
    if run.project == project.name:
        return project_option(project.path)
    return f"lab.toml of {run.project}"


def formats() -> Mapping[str, Format]:
    """Return all export formats. The HTML page needs the project for the code that it shows."""
    html = html_format(laboratory().project)
    return {**FORMATS, html.name: html, CARD.name: CARD}
