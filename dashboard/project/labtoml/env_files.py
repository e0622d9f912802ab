"""Reading `project.env_files`: variables that are kept in files, and never in the lab.toml."""

from __future__ import annotations

import os
from pathlib import Path

from dashboard.project.secrets.env_files import read_env_file
from dashboard.project.secrets.inheritance import is_handed_on

from .table import Table


def read_env_files(table: Table, directory: Path) -> dict[str, str]:
    """Return what the files say, as the usual loaders do it.

    What our own environment has is not written over, and an earlier file comes before a later one.
    What would change a server is left out (WEB_CONCURRENCY and the like).
    """
    found: dict[str, str] = {}
    for name in table.texts("env_files", default=()):
        try:
            read = read_env_file(directory / name, os.environ)
        except (OSError, ValueError):
            table.refuse("env_files", "files that can be read, relative to the directory", name)
            continue
        found = {**read, **found}
    return {
        name: value
        for name, value in found.items()
        if name not in os.environ and is_handed_on(name) and "\0" not in value
    }
