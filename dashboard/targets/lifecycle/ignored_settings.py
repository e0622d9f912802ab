"""What would change a server behind the table's back: settings files and environment variables.

None of it is used unless the lab.toml asks for it, and what was there is named in a lane's facts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dashboard.project.model.server import Server
from dashboard.project.secrets.inheritance import is_handed_on


def ignored(server: Server, directory: Path) -> list[str]:
    """Return the settings files and variables of a server that are there and were not used."""
    files = [name for name in server.implicit.files if (directory / name).is_file()]
    variables = [name for name in sorted(os.environ) if name.startswith(server.implicit.variables)]
    return [
        *(name for name in files if name != server.config),
        *(name for name in variables if not is_handed_on(name)),
    ]


def advice_on_ignored_settings(facts: Mapping[str, Any]) -> Iterator[str]:
    """Say what was not used, and how to have it used."""
    if names := facts.get("ignored"):
        yield (
            f"{', '.join(names)} {'was' if len(names) == 1 else 'were'} not used: the lab sets the"
            " server's settings itself. [server.NAME] config = 'FILE' uses a settings file of"
            " gunicorn's on purpose, project.env a variable."
        )
