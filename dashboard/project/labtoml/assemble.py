"""The project that a lab.toml describes, and the checks across its tables."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from dashboard.project.model.companion import Companion
from dashboard.project.model.login import Login
from dashboard.project.model.requirement import Requirement
from dashboard.project.model.scenario import Claim, Scenario, Variant
from dashboard.project.model.server import Server
from dashboard.project.model.version import Version
from dashboard.project.project import Project
from dashboard.project.secrets.inheritance import is_handed_on
from dashboard.project.servers.settings import InvalidSetting, resolve

from . import tables
from .claims import claim_of
from .env_files import read_env_files
from .mixes import mix_of
from .problems import Problems
from .scenarios import scenario_of
from .servers import servers_of

Named = TypeVar("Named", Companion, Requirement)


def project_of(file: tables.File, path: Path, problems: Problems) -> Project:
    """Return the project of a file at `path`."""
    here, table = problems.at("project"), file.project
    directory = _directory(table.directory, path.parent, here)
    servers = servers_of(file, path.parent, problems)
    scenarios = _scenarios(file, servers, path.parent, problems)
    filed, in_both = read_env_files(table.env_files, directory, here)
    project = Project(
        name=table.name,
        path=path,
        directory=directory,
        wsgi=table.wsgi,
        asgi=table.asgi,
        python=_python(table.python, directory, here),
        env={**filed, **table.env},
        inherit_env=(
            *_inherit_env(table.inherit_env, here),
            *in_both,
            *(requirement.variable for requirement in file.requirement.values()),
        ),
        scenarios=scenarios,
        servers=servers,
        setup=table.setup,
        bystander_path=table.neighbour,
        served_by=table.server,
        companions=_companions(file, scenarios),
        login=_login(table.login),
        start_timeout_s=table.start_timeout_s,
        versions=_versions(file, path.parent, problems),
        requirements=_named(Requirement, file.requirement),
        claims=_claims(file, scenarios, servers, problems),
    )
    _check(project, table.env, problems)
    return project


def _scenarios(
    file: tables.File, servers: Mapping[str, Server], beside: Path, problems: Problems
) -> dict[str, Scenario]:
    scenarios = {
        name: scenario_of(name, table, servers, beside, problems.at("scenario", name))
        for name, table in file.scenario.items()
    }
    mixes = {
        name: mix_of(name, table, scenarios, servers, problems) for name, table in file.mix.items()
    }
    return {**scenarios, **mixes}


def _versions(file: tables.File, beside: Path, problems: Problems) -> dict[str, Version]:
    return {
        name: _version(name, table, beside, problems.at("version", name))
        for name, table in file.version.items()
    }


def _claims(
    file: tables.File,
    scenarios: Mapping[str, Scenario],
    servers: Mapping[str, Server],
    problems: Problems,
) -> dict[str, Claim]:
    return {
        name: claim_of(name, table, scenarios, servers, problems.at("claim", name))
        for name, table in file.claim.items()
    }


def _inherit_env(names: tuple[str, ...], here: Problems) -> tuple[str, ...]:
    """Return the names; one that is never passed on is a problem."""
    for name in names:
        if not is_handed_on(name.rstrip("*")):
            here.at("inherit_env").expected("variables of the project, set others in env", name)
    return names


def _named(kind: type[Named], tables_by_name: Mapping[str, tables.Table]) -> dict[str, Named]:
    """Return the values that have a table's own fields, by name."""
    return {
        name: kind(name=name, **table.values_for(kind)) for name, table in tables_by_name.items()
    }


def _companions(file: tables.File, scenarios: Mapping[str, Scenario]) -> dict[str, Companion]:
    """Return the companions; a mix needs those of the scenarios that its views belong to."""
    return {
        name: replace(companion, scenarios=(*companion.scenarios, *_mixes(companion, scenarios)))
        for name, companion in _named(Companion, file.companion).items()
    }


def _mixes(companion: Companion, scenarios: Mapping[str, Scenario]) -> Iterator[str]:
    for name, scenario in scenarios.items():
        mixed = {view.partition(".")[0] for view in scenario.mix}
        if mixed & set(companion.scenarios) - {name}:
            yield name


def _directory(text: str, beside: Path, here: Problems) -> Path:
    directory = (beside / text).resolve()
    if not os.path.isdir(directory):  # noqa: PTH112 - Path's raises for a name that is too long
        here.at("directory").expected("a directory, relative to this file", text)
    return directory


def _python(text: str, directory: Path, here: Problems) -> str:
    """Return the interpreter; "python" is the dashboard's own.

    A virtualenv's interpreter is a symbolic link and must be started by that name.
    """
    if text == "python":
        return sys.executable
    python = directory / text
    if not os.path.isfile(python):  # noqa: PTH113 - Path's raises for a name that is too long
        here.at("python").expected("an interpreter, relative to the project's directory", text)
    return str(python)


def _login(table: tables.Login | None) -> Login | None:
    if table is None:
        return None
    return Login(**{**table.values_for(Login), "headers": tuple(table.headers.items())})


def _version(name: str, table: tables.Version, beside: Path, here: Problems) -> Version:
    if (table.directory is None) == (table.revision is None):
        here.add("expected either a directory or a revision")
    directory = _directory(table.directory, beside, here) if table.directory else None
    return Version(name, directory, table.revision)


def _check(project: Project, env: Mapping[str, str], problems: Problems) -> None:
    """Check the references between tables."""
    here = problems.at("project")
    served = project.wsgi or project.asgi or any(server.url for server in project.servers.values())
    if not served and not here:
        here.at("wsgi").add("expected at least one of wsgi, asgi and url, found none")
    if not project.scenarios:
        problems.at("scenario").add("expected at least one, like [scenario.sleep]")
    if project.served_by:
        _check_server(project, project.served_by, here.at("server"))
    _check_companions(project, env, problems)
    for variant, place in _variants(project, problems):
        if variant.login and project.login is None and not here.at("login"):
            place.at("login").add("expected [project.login] beside it")
        for name in variant.requires:
            if name not in project.requirements:
                place.at("requires").add(f"expected a table [requirement.{name}] beside it")


def _check_server(project: Project, text: str, here: Problems) -> None:
    """Check that the server exists, has these settings, and has an application to serve."""
    try:
        server = resolve(project.servers, text)
    except InvalidSetting as error:
        here.add(str(error))
        return
    if project.application(server) is None:
        here.add(f"expected project.{server.interface} beside it")


def _check_companions(project: Project, env: Mapping[str, str], problems: Problems) -> None:
    """Check that their scenarios exist, and that a variable comes from one place only."""
    sources = dict.fromkeys(env, "project.env")
    for companion in project.companions.values():
        here = problems.at("companion", companion.name)
        for scenario in companion.scenarios:
            if scenario not in project.scenarios:
                here.at("scenarios").expected("names of scenarios", scenario)
        for name in companion.env:
            place = here.at("env", name)
            source = sources.setdefault(name, place.key)
            if source != place.key:
                place.add(f"expected once, {source} has it too")


def _variants(project: Project, problems: Problems) -> Iterator[tuple[Variant, Problems]]:
    for scenario in project.unmixed.values():
        for variant in scenario.variants.values():
            yield variant, problems.at("scenario", scenario.name, "variant", variant.name)
