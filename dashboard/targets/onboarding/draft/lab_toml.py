"""A lab.toml for somebody's project, drafted from what it looks like from inside.

Which routes: `route_selection`; pairs and names: `pairing`; what stands in the file: `sections`;
what one GET to each path showed: `trial_requests`, `trial_results`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dashboard.project.labtoml.load import problems_in
from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.trial_requests import TrialResult

from .pairing import ScenarioDraft, pair_routes
from .route_selection import count_by_application, exclusion_notes, usable_routes
from .sections import (
    commented,
    measurement_notes,
    notes_comment,
    opening,
    project_table,
    websocket_scenario,
)
from .trial_results import login_table, scenario_texts, trial_failure_comment

MOST_SCENARIOS = 40
_SCENARIO = re.compile(r"^(# )?\[scenario\.[^.\]]+\]", re.MULTILINE)


def draft(seen: Inspection, beside: Path, tried: TrialResult | None = None) -> str:
    """The text of a lab.toml that lies in the directory `beside`, commented, to run unedited.

    `tried` is what came of firing one GET at each of `drafted(seen, logins=True)`.
    """
    was_tried = tried is not None and not tried.failure
    pending = tried is not None and tried.pending_migrations
    pieces = pair_routes(usable_routes(seen.routes, logins=was_tried))
    project = project_table(seen, beside)
    remarks = [
        *measurement_notes(seen),
        *(["Migrations are pending: say so in `setup`, or migrate, and try again."] * pending),
        *exclusion_notes(seen.routes, logins=was_tried),
        *_beyond(pieces[MOST_SCENARIOS:]),
        *_sockets_with_values(seen),
    ]
    first = pieces[:MOST_SCENARIOS]
    scenarios = scenario_texts(first, seen, tried or TrialResult("", failure="nobody asked"))
    parts = [
        opening(seen),
        project,
        *_of_trying(project, seen, tried, beside),
        notes_comment(remarks),
        *checked(project, scenarios, beside),
        *(
            websocket_scenario(one, seen)
            for one in seen.sockets
            if not (one.parameters or one.regex)
        ),
    ]
    return "\n".join(part for part in parts if part)


def drafted(seen: Inspection, *, logins: bool) -> list[str]:
    """The paths of every scenario that is drafted, in the order of the file.

    `logins`: those that want somebody logged in are among them.
    """
    pieces = pair_routes(usable_routes(seen.routes, logins=logins))[:MOST_SCENARIOS]
    return [route.url_path for piece in pieces for route in piece.routes]


def has_scenario(text: str) -> bool:
    """Whether a draft has anything to fire at."""
    return any(not match[1] for match in _SCENARIO.finditer(text))


def checked(project: str, scenarios: Iterable[str], beside: Path) -> Iterator[str]:
    """Each scenario's text, or a comment with the reason where it could not be read again."""
    for text in scenarios:
        active = has_scenario(text)
        problems = active and problems_in(f"{project}\n{text}", beside / "lab.toml", "scenario")
        yield commented(text, "; ".join(problems)) if problems else text


def _of_trying(
    project: str, seen: Inspection, tried: TrialResult | None, beside: Path
) -> Iterator[str]:
    if tried is None:
        return
    yield trial_failure_comment(tried)
    login = login_table(tried, seen)
    problems = problems_in(f"{project}\n{login}", beside / "lab.toml", "project.login")
    yield commented(login, "; ".join(problems)) if problems else login


def _beyond(pieces: Sequence[ScenarioDraft]) -> Iterator[str]:
    if pieces:
        more = count_by_application(piece.routes[0] for piece in pieces)
        yield f"Only {MOST_SCENARIOS} scenarios are drafted. There would be more: {more}."


def _sockets_with_values(seen: Inspection) -> Iterator[str]:
    for socket in seen.sockets:
        if socket.regex:
            yield f"{socket.path} is a websocket; its path is a regular expression."
        elif socket.parameters:
            values = ", ".join(socket.parameters)
            yield f"{socket.path} is a websocket; its path needs a value for {values}."
