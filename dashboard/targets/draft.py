"""A lab.toml for somebody's project, drafted from what it looks like from inside.

Which routes: `draft_routes`; pairs and names: `draft_pieces`; what stands in the file:
`draft_text`; what one request to each path showed: `trying`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .draft_pieces import Piece, pieces_of
from .draft_routes import by_application, usable, what_was_left_out
from .draft_text import (
    commented,
    distortions,
    opening,
    project_table,
    remarks_text,
    scenario,
    socket_scenario,
)
from .inspection import Inspection
from .manifest import problems_in

MOST_SCENARIOS = 40
_SCENARIO = re.compile(r"^(# )?\[scenario\.[^.\]]+\]", re.MULTILINE)


def draft(seen: Inspection, beside: Path) -> str:
    """The text of a lab.toml that lies in the directory `beside`, commented, to run unedited."""
    pieces = pieces_of(usable(seen.routes))
    project = project_table(seen, beside)
    remarks = [
        *distortions(seen),
        *what_was_left_out(seen.routes),
        *_beyond(pieces[MOST_SCENARIOS:]),
        *_sockets_with_values(seen),
    ]
    scenarios = [scenario(piece, seen) for piece in pieces[:MOST_SCENARIOS]]
    parts = [
        opening(seen),
        project,
        remarks_text(remarks),
        *checked(project, scenarios, beside),
        *(socket_scenario(one, seen) for one in seen.sockets if not (one.parameters or one.regex)),
    ]
    return "\n".join(part for part in parts if part)


def has_scenario(text: str) -> bool:
    """Whether a draft has anything to fire at."""
    return any(not match[1] for match in _SCENARIO.finditer(text))


def checked(project: str, scenarios: Iterable[str], beside: Path) -> Iterator[str]:
    """Each scenario's text, or a comment with the reason where it could not be read again."""
    for text in scenarios:
        problems = problems_in(f"{project}\n{text}", beside / "lab.toml", "scenario")
        yield commented(text, "; ".join(problems)) if problems else text


def _beyond(pieces: Sequence[Piece]) -> Iterator[str]:
    if pieces:
        more = by_application(piece.routes[0] for piece in pieces)
        yield f"Only {MOST_SCENARIOS} scenarios are drafted. There would be more: {more}."


def _sockets_with_values(seen: Inspection) -> Iterator[str]:
    for socket in seen.sockets:
        if socket.regex:
            yield f"{socket.path} is a websocket; its path is a regular expression."
        elif socket.parameters:
            values = ", ".join(socket.parameters)
            yield f"{socket.path} is a websocket; its path needs a value for {values}."
