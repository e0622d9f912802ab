"""A Django project as it looks from inside, as far as a lab.toml can be drafted from it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.project.secrets.env_files import read_env_file

from .fallback_applications import fallback_application
from .route import Route, WebsocketRoute

MOST_LEVELS_UP = 3  # from where it runs to an interpreter that is beside the project
INTERFACES = ("wsgi", "asgi")
SETTINGS, CONFIGURATION = "DJANGO_SETTINGS_MODULE", "DJANGO_CONFIGURATION"
CONFIGURED_BY = "LIVEBURST_CONFIGURED_BY"  # read by the module that makes Django's applications


@dataclass(frozen=True)
class Inspection:
    """A Django project as it looks from inside.

    `directory` is where it runs. `python` is None where the dashboard's own interpreter was
    used. `wsgi` and `asgi` are import strings; None where it has none. `servers` are the packages
    of servers that are there.

    `settings` is empty where manage.py has the settings itself. `env` is what manage.py puts into
    the environment, the settings module included, as far as it may be written down. `env_files`
    hold more of it; `env_unknown` names the variables that come from elsewhere. `broken` says by
    interface (wsgi, asgi) what its module raised, `other_settings` which settings it insists on.
    """

    directory: Path
    python: Path | None
    python_version: str
    django: str
    settings: str
    wsgi: str | None
    asgi: str | None
    debug: bool
    allowed_hosts: tuple[str, ...]
    login_url: str
    servers: tuple[str, ...]
    databases: tuple[Mapping[str, Any], ...]
    routes: tuple[Route, ...]
    sockets: tuple[WebsocketRoute, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    env_files: tuple[str, ...] = ()
    env_unknown: tuple[str, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    other_settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def python_shown(self) -> str:
        """The interpreter as a lab.toml says it: relative if it is beside the project."""
        if self.python is None:
            return "python"
        relative = os.path.relpath(self.python, self.directory)
        return relative if relative.count(os.pardir) <= MOST_LEVELS_UP else str(self.python)


def parse_inspection(answer: Mapping[str, Any], directory: Path, python: Path | None) -> Inspection:
    """Return what the inspector answered about the project in `directory`."""
    prepared = answer.get("prepared") or {}
    where = Path(prepared.get("directory", directory))
    env_files, env_unknown = _origins(prepared.get("digests", {}), prepared.get("files", ()), where)
    return Inspection(
        directory=where,
        python=python,
        python_version=answer["python"],
        django=answer["django"],
        settings=answer["settings"] or "",
        wsgi=_application(answer, "wsgi"),
        asgi=_application(answer, "asgi"),
        debug=answer["debug"],
        allowed_hosts=tuple(answer["allowed_hosts"]),
        login_url=answer["login_url"],
        servers=tuple(answer["servers"]),
        databases=tuple(answer["databases"]),
        routes=tuple(map(Route.of, answer["routes"])),
        sockets=tuple(map(WebsocketRoute.of, answer.get("sockets", ()))),
        env=_environment(answer, where),
        env_files=env_files,
        env_unknown=env_unknown,
        broken=dict(_broken(answer, where)),
        other_settings=dict(_other_settings(answer)),
    )


def failure_lines(failed: Mapping[str, Any], beside: Path) -> list[str]:
    """What the project raised, its first cause, and the line of the project that it came from."""
    lines = [failed["error"]]
    if failed["cause"]:
        lines.append(f"because of {failed['cause']}")
    at = failed["at"]
    if at:
        where = f"{os.path.relpath(at['file'], beside)}:{at['line']}"
        inside = f" in {at['function']}" if at["function"] else ""
        lines.append(f"at {where}{inside}: {at['code']}".rstrip(": "))
    return lines


# Applications


def _application(answer: Mapping[str, Any], interface: str) -> str | None:
    found = answer.get(interface) or {}
    if found.get("django"):
        return fallback_application(interface)
    return found.get("application")


def _broken(answer: Mapping[str, Any], directory: Path) -> Iterator[tuple[str, str]]:
    """What the modules of applications raised; the one that ended the process among them."""
    for interface in INTERFACES:
        failed = (answer.get(interface) or {}).get("failed")
        if failed is None and answer["step"] == interface:
            failed = answer.get("failed") or {"error": answer["ended"], "cause": None, "at": None}
        if failed is not None:
            module = failed.get("module") or f"the {interface.upper()} module"
            yield interface, f"{module}: {', '.join(failure_lines(failed, directory))}"


def _other_settings(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The settings that an application's module sets, whatever the environment says."""
    for interface in INTERFACES:
        settings = (answer.get(interface) or {}).get("settings")
        if settings and answer["settings"] and settings != answer["settings"]:
            yield interface, settings


# The environment


def _environment(answer: Mapping[str, Any], directory: Path) -> dict[str, str]:
    """What the servers' environment needs besides: what manage.py gives to Django."""
    prepared = answer.get("prepared") or {}
    named = {SETTINGS: answer["settings"], CONFIGURATION: answer.get("configuration")}
    script = (answer.get("asgi") or {}).get("script")
    named = {**named, CONFIGURED_BY: script}
    env = {name: value for name, value in named.items() if value}
    env |= {
        name: value for name, value in prepared.get("environment", {}).items() if name not in env
    }
    path = [
        os.path.relpath(one, directory) if Path(one).is_relative_to(answer["root"]) else one
        for one in dict.fromkeys(answer["path"])
        if Path(one) != directory and Path(one).is_dir()
    ]
    if path:
        env["PYTHONPATH"] = os.pathsep.join(path)
    return env


def _origins(
    digests: Mapping[str, str], files: Sequence[str], directory: Path
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files that variables were read from, and the variables that are in none of them."""
    unknown = {**digests}
    for name in (SETTINGS, CONFIGURATION):
        unknown.pop(name, None)
    used = []
    for file in files:
        values = _variables(Path(file))
        held = [name for name, value in values if unknown.get(name) == _digest(value)]
        if held:
            used.append(os.path.relpath(file, directory))
        for name in held:
            del unknown[name]
    return tuple(used), tuple(sorted(unknown))


def _variables(file: Path) -> Iterator[tuple[str, str]]:
    try:
        yield from read_env_file(file, os.environ).items()
    except (OSError, ValueError):  # no such file after all
        return


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode(errors="surrogateescape")).hexdigest()
