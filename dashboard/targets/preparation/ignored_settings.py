"""Settings files and environment variables that would change a server's settings unnoticed.

None of them is used unless the lab.toml names it; those that exist are listed in a lane's facts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dashboard.project.model.server import Server
from dashboard.project.secrets.inheritance import is_handed_on
from dashboard.wire.report.target_facts import TargetFacts


def ignored_settings(server: Server, directory: Path) -> list[str]:
    """Return the settings files and variables of a server that exist but were not used."""
    files = [name for name in server.implicit.files if (directory / name).is_file()]
    variables = [name for name in sorted(os.environ) if name.startswith(server.implicit.variables)]
    return [
        *(name for name in files if name != server.config),
        *(name for name in variables if not is_handed_on(name)),
    ]


def hints_on_withheld_variables(facts: TargetFacts) -> Iterator[str]:
    """Yield a sentence on variables that the settings name and did not get; nothing for none."""
    if names := facts.get("withheld"):
        was = "was" if len(names) == 1 else "were"
        yield (
            f"{', '.join(names)} {was} not passed on, although the settings name"
            f" {'it' if len(names) == 1 else 'them'}. What the project needs of the environment"
            " belongs in project.inherit_env, what it must not use in project.env."
        )


def hints_on_ignored_settings(facts: TargetFacts) -> Iterator[str]:
    """Yield a sentence that names what was not used and how to use it; nothing if all was."""
    if names := facts.get("ignored"):
        yield (
            f"{', '.join(names)} {'was' if len(names) == 1 else 'were'} not used: the lab sets the"
            " server's settings itself. [server.NAME] config = 'FILE' uses a settings file of"
            " gunicorn's on purpose, project.env a variable."
        )
