"""Reading a lab.toml: strictly, because it starts processes.

Every problem is reported at once, each by file and key, with what was expected there.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.project.model.scenario import Claim, Expectation, Parameter, Scenario, Variant
from dashboard.project.model.server import Server
from dashboard.project.project import Project
from dashboard.project.servers.settings import InvalidSetting, resolve
from dashboard.wire.errors import InvalidManifest, Problem

from .env_files import read_env_files
from .login import read_login
from .requirements import check_requirements, read_requirement
from .scenarios import IMPORT, IMPORT_EXPECTED, RefuseServer, read_claim, read_scenario
from .servers import read_companion, read_servers
from .table import Table
from .versions import read_version

__all__ = [
    "Claim",
    "Expectation",
    "Parameter",
    "Project",
    "Scenario",
    "Variant",
    "load_manifest",
    "problems_in",
    "read_draft",
]


def load_manifest(path: Path) -> Project:
    """Read a lab.toml. Raises InvalidManifest; each problem's field is `FILE: KEY`."""
    problems: list[Problem] = []
    table = Table(_parse(path), "", path.name, problems)
    project = _project(table, path.resolve())
    table.finish()
    if problems:
        raise InvalidManifest(*problems)
    return project


def problems_in(text: str, path: Path, key: str) -> list[str]:
    """What would be wrong with the table `key` of a lab.toml at `path` that has this text."""
    try:
        _, problems = _read(text, path)
    except ValueError as error:
        return [f"expected TOML, found: {error}"]
    return [str(one) for one in problems if one.field.startswith(f"{path.name}: {key}")]


def read_draft(text: str, path: Path) -> Project:
    """The project of a lab.toml at `path` that has this text and need not have scenarios.

    Raises InvalidManifest.
    """
    project, problems = _read(text, path)
    bad = [one for one in problems if one.field != f"{path.name}: scenario"]
    if bad:
        raise InvalidManifest(*bad)
    return project


def _read(text: str, path: Path) -> tuple[Project, list[Problem]]:
    problems: list[Problem] = []
    table = Table(tomllib.loads(text), "", path.name, problems)
    return _project(table, path), problems


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        expected = f"expected a file that can be read, found: {error.strerror}"
        raise InvalidManifest(Problem(str(path), expected)) from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise InvalidManifest(Problem(str(path), f"expected TOML, found: {error}")) from None


def _project(file: Table, path: Path) -> Project:
    table = file.table("project")
    directory = _directory(table, path.parent)
    own = _environment(table)
    servers = read_servers(file, table)
    refuse = _refuse_server(servers)
    scenarios = {
        name: read_scenario(name, inner, refuse, path.parent)
        for name, inner in file.tables("scenario")
    }
    claims = file.tables("claim", default={})
    project = Project(
        name=table.text("name"),
        path=path,
        directory=directory,
        wsgi=table.optional_text("wsgi", pattern=IMPORT, expected=IMPORT_EXPECTED),
        asgi=table.optional_text("asgi", pattern=IMPORT, expected=IMPORT_EXPECTED),
        python=_python(table, directory),
        env={**read_env_files(table, directory), **own},
        scenarios=scenarios,
        servers=servers,
        setup=_commands(table),
        neighbour=table.optional_text(
            "neighbour", pattern="/[!-~]*", expected="a path that begins with /"
        ),
        companions={
            name: read_companion(name, inner, scenarios)
            for name, inner in file.tables("companion", default={})
        },
        login=read_login(table),
        versions={
            name: read_version(name, inner, path.parent)
            for name, inner in file.tables("version", default={})
        },
        requirements={
            name: read_requirement(name, inner)
            for name, inner in file.tables("requirement", default={})
        },
        claims={name: read_claim(name, inner, scenarios, refuse) for name, inner in claims},
    )
    if not (table.has("wsgi") or table.has("asgi") or any(one.url for one in servers.values())):
        table.complain("wsgi", "expected, or asgi, or url: there is nothing to serve")
    if file.has("scenario") and not project.scenarios:
        file.complain("scenario", "expected at least one, like [scenario.sleep]")
    _check_logins(project, file)
    _check_companions(own, project, file)
    check_requirements(project, file)
    table.finish()
    return project


def _check_companions(own: Mapping[str, str], project: Project, file: Table) -> None:
    """What a companion brings must not be in [project] env or brought by another, too."""
    brought = dict.fromkeys(own, "project.env")
    for companion in project.companions.values():
        for name in companion.env:
            key = f"companion.{companion.name}.env.{name}"
            if name in brought:
                file.complain(key, f"expected once, {brought[name]} has it, too")
            brought.setdefault(name, key)


def _check_logins(project: Project, file: Table) -> None:
    """A variant can be logged in only where the project says how."""
    for scenario in project.scenarios.values():
        for variant in scenario.variants.values():
            if variant.login and project.login is None:
                key = f"scenario.{scenario.name}.variant.{variant.name}.login"
                file.complain(key, "expected [project.login] to say how")


def _refuse_server(servers: dict[str, Server]) -> RefuseServer:
    def refuse(text: str) -> str | None:
        try:
            resolve(servers, text)
        except InvalidSetting as error:
            return str(error)
        return None

    return refuse


def _commands(table: Table) -> tuple[tuple[str, ...], ...]:
    expected = "a list of commands, each a list of texts"
    return tuple(tuple(command) for command in table.text_lists("setup", expected, default=[]))


def _directory(table: Table, beside: Path) -> Path:
    text = table.optional_text("directory") or "."
    directory = (beside / text).resolve()
    if not directory.is_dir():
        table.refuse("directory", "a directory, relative to this file", text)
    return directory


def _python(table: Table, directory: Path) -> str:
    """The interpreter; "python" is the one that runs the dashboard.

    A virtualenv's interpreter is a symbolic link and must be started by that name.
    """
    text = table.optional_text("python") or "python"
    if text == "python":
        return sys.executable
    python = directory / text
    if not python.is_file():
        table.refuse("python", "an interpreter, relative to the project's directory", text)
    return str(python)


def _environment(table: Table) -> dict[str, str]:
    environment = table.text_map("env")
    for name, value in environment.items():
        if not name or "=" in name or "\0" in name + value:
            table.refuse("env", "names and values that an environment can hold", name)
    return environment
