"""Reading `project.env_files`: variables kept in files instead of in the lab.toml."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from dashboard.project.secrets.env_files import read_env_file
from dashboard.project.secrets.inheritance import is_handed_on

from .problems import Problems


def read_env_files(
    names: Iterable[str], directory: Path, here: Problems
) -> tuple[dict[str, str], list[str]]:
    """Return the variables in the files, with the precedence of the usual loaders.

    Our own environment comes before the files, and an earlier file before a later one: the names
    that both contain are the second value. Variables that would change a server (WEB_CONCURRENCY
    and the like) are left out.
    """
    variables: dict[str, str] = {}
    for name in names:
        try:
            read = read_env_file(directory / name, os.environ)
        except (OSError, ValueError):
            here.at("env_files").expected("files that can be read, relative to directory", name)
            continue
        variables = {**read, **variables}
    usable = {
        name: value for name, value in variables.items() if is_handed_on(name) and "\0" not in value
    }
    inherited = [name for name in usable if name in os.environ]
    return {name: value for name, value in usable.items() if name not in inherited}, inherited
