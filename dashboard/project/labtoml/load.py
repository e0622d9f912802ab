"""Reading a lab.toml: strictly, because it starts processes.

Every problem is reported at once, each by file and key, with what was expected there.
"""

from __future__ import annotations

from pathlib import Path

from dashboard.project.project import Project
from dashboard.wire.errors import InvalidManifest, Problem

from .assemble import project_of
from .problems import Problems
from .reading import read_file
from .toml_text import TomlTable, parse_toml, read_toml


def load_manifest(path: Path) -> Project:
    """Read a lab.toml. Raises InvalidManifest; each problem's field is `FILE: KEY`."""
    project, problems = _project(_parsed(path), path)
    if problems:
        raise InvalidManifest(*problems)
    return project


def problems_in(text: str, path: Path, key: str) -> list[str]:
    """Return what would be wrong with the table `key` of a lab.toml at `path` with this text."""
    try:
        _, problems = _project(parse_toml(text), path)
    except ValueError as error:
        return [f"expected TOML, found: {error}"]
    return [str(problem) for problem in problems if problem.field.startswith(f"{path.name}: {key}")]


def read_draft(text: str, path: Path) -> Project:
    """Return the project of a lab.toml at `path` with this text, which may lack scenarios.

    Raises InvalidManifest.
    """
    project, problems = _project(parse_toml(text), path)
    bad = [problem for problem in problems if problem.field != f"{path.name}: scenario"]
    if bad:
        raise InvalidManifest(*bad)
    return project


def _project(data: TomlTable, path: Path) -> tuple[Project, list[Problem]]:
    problems = Problems(path.name)
    file = read_file(data, problems)
    return project_of(file, path.resolve(), problems), problems.all


def _parsed(path: Path) -> TomlTable:
    try:
        return read_toml(path)
    except OSError as error:
        expected = f"expected a file that can be read, found: {error.strerror}"
        raise InvalidManifest(Problem(str(path), expected)) from None
    except ValueError as error:  # not UTF-8, not TOML, or out of bounds
        raise InvalidManifest(Problem(str(path), f"expected TOML, found: {error}")) from None
