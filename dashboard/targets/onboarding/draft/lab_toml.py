"""Draft a lab.toml for a project from its inspection, and from a trial of its paths.

Which routes: `route_selection`; pairs and names: `pairing`; the text: `project_section`,
`scenario_section`; what one GET to each path showed: `trial_requests`, `trial_results`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dashboard.project.labtoml.load import problems_in
from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.trial_requests import TrialResult

from .pairing import ScenarioDraft, pair_routes
from .project_section import header_comment, measurement_notes, notes_comment, project_section
from .route_selection import count_by_application, exclusion_notes, usable_routes
from .scenario_section import websocket_section
from .toml_text import commented_out
from .trial_results import login_section, scenario_sections, trial_failure_comment

MOST_SCENARIOS = 40
MIGRATIONS_PENDING = (
    "Migrations are pending: add the command to `setup`, or migrate, and try again."
)
_NO_TRIAL = TrialResult("", failure="none was made")
_SCENARIO = re.compile(r"^(# )?\[scenario\.[^.\]]+\]", re.MULTILINE)


def draft_lab_toml(inspection: Inspection, location: Path, trial: TrialResult | None = None) -> str:
    """Return the text of a lab.toml for the directory `location`, to be used unedited.

    `trial` is the result of one GET at each of `drafted_paths(inspection, logins=True)`.
    """
    logins = trial is not None and not trial.failure
    scenarios = pair_routes(usable_routes(inspection.routes, logins=logins))
    sections = scenario_sections(scenarios[:MOST_SCENARIOS], inspection, trial or _NO_TRIAL)
    project = project_section(inspection, location)
    login = _login_part(project, inspection, trial, location) if trial else ""
    notes = [
        *measurement_notes(inspection),
        *([MIGRATIONS_PENDING] if trial is not None and trial.pending_migrations else []),
        *exclusion_notes(inspection.routes, logins=logins),
        *_note_on_others(scenarios[MOST_SCENARIOS:]),
        *_notes_on_websockets(inspection),
    ]
    parts = [
        header_comment(inspection),
        project,
        trial_failure_comment(trial) if trial else "",
        login,
        notes_comment(notes),
        *checked_sections(f"{project}\n{login}", sections, location),
        *_websocket_sections(inspection),
    ]
    return "\n".join(part for part in parts if part)


def drafted_paths(inspection: Inspection, *, logins: bool) -> list[str]:
    """Return the paths of all drafted scenarios, in the order of the file.

    With `logins`, those that require a login are included.
    """
    scenarios = pair_routes(usable_routes(inspection.routes, logins=logins))[:MOST_SCENARIOS]
    return [route.url_path for scenario in scenarios for route in scenario.routes]


def has_scenario(text: str) -> bool:
    """Return True if a draft has a scenario that is not commented out."""
    return any(not match[1] for match in _SCENARIO.finditer(text))


def checked_sections(project: str, sections: Iterable[str], location: Path) -> Iterator[str]:
    """Yield each scenario's text, commented out with the reason if it is not valid."""
    for section in sections:
        active = has_scenario(section)
        text = f"{project}\n{section}"
        problems = active and problems_in(text, location / "lab.toml", "scenario")
        yield commented_out(section, "; ".join(problems)) if problems else section


def _login_part(project: str, inspection: Inspection, trial: TrialResult, location: Path) -> str:
    """Return [project.login] if a form was found, commented out with the reason if not valid."""
    login = login_section(trial, inspection)
    problems = problems_in(f"{project}\n{login}", location / "lab.toml", "project.login")
    return commented_out(login, "; ".join(problems)) if problems else login


def _note_on_others(scenarios: Sequence[ScenarioDraft]) -> Iterator[str]:
    if scenarios:
        others = count_by_application(scenario.routes[0] for scenario in scenarios)
        yield f"Only {MOST_SCENARIOS} scenarios are drafted. There would be more: {others}."


def _websocket_sections(inspection: Inspection) -> Iterator[str]:
    for route in inspection.sockets:
        if not (route.parameters or route.regex):
            yield websocket_section(route, inspection)


def _notes_on_websockets(inspection: Inspection) -> Iterator[str]:
    for route in inspection.sockets:
        if route.regex:
            yield f"{route.path} is a websocket; its path is a regular expression."
        elif route.parameters:
            values = ", ".join(route.parameters)
            yield f"{route.path} is a websocket; its path needs a value for {values}."
