"""The result of inspecting a Django project: what a lab.toml is drafted from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.project.secrets.env_files import read_env_file
from dashboard.project.secrets.masking import masked

from .fallback_applications import fallback_application
from .inspector_answer import INTERFACES, Database, Failed, InspectorAnswer, Interface, Prepared
from .route import Route, WebsocketRoute, read_route
from .route_rows import with_rows

MOST_LEVELS_UP = 3  # from the project's directory to an interpreter with a relative path
SETTINGS, CONFIGURATION = "DJANGO_SETTINGS_MODULE", "DJANGO_CONFIGURATION"
CONFIGURED_BY = "LIVEBURST_CONFIGURED_BY"  # read by the module that makes Django's applications


@dataclass(frozen=True)
class Inspection:
    """What an inspector that ran in the project's interpreter found.

    `directory` is the one it runs in. `python` is None if the dashboard's own interpreter was
    used. `wsgi` and `asgi` are import strings, or None. `servers` are the installed packages of
    servers.

    `settings` is empty if manage.py contains the settings itself. `env` is what manage.py adds to
    the environment, settings module included, except for secrets. `env_files` contain more of it;
    `env_unknown` are the names of variables from elsewhere. By interface (wsgi, asgi), `broken`
    is what its module raised, and `other_settings` the settings module that it sets itself.
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
    databases: tuple[Database, ...]
    routes: tuple[Route, ...]
    sockets: tuple[WebsocketRoute, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    env_files: tuple[str, ...] = ()
    env_unknown: tuple[str, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    other_settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def project_name(self) -> str:
        """The package of its settings, or else the name of its directory."""
        return self.settings.partition(".")[0] or self.directory.name

    @property
    def refuses_loopback(self) -> bool:
        """True if ALLOWED_HOSTS does not include 127.0.0.1."""
        hosts = self.allowed_hosts or (("localhost", "127.0.0.1") if self.debug else ())
        return not {"*", "127.0.0.1"} & set(hosts)

    @property
    def allowed_host(self) -> str:
        """A host that the project accepts."""
        host = next(iter(self.allowed_hosts), "").lstrip(".")
        return "localhost" if host in ("", "*") else host

    @property
    def python_shown(self) -> str:
        """The interpreter as in a lab.toml: relative if it is near the project."""
        if self.python is None:
            return "python"
        relative = os.path.relpath(self.python, self.directory)
        return relative if relative.count(os.pardir) <= MOST_LEVELS_UP else str(self.python)


def parse_inspection(answer: InspectorAnswer, directory: Path, python: Path | None) -> Inspection:
    """Return the inspector's answer about the project in `directory`."""
    prepared = answer.get("prepared") or _unchanged(directory)
    cwd = Path(prepared["directory"])  # manage.py may have changed it
    env_files, env_unknown = _origins(prepared["digests"], prepared["files"], cwd)
    return Inspection(
        directory=cwd,
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
        routes=_routes(answer),
        sockets=tuple(read_route(WebsocketRoute, entry) for entry in answer.get("sockets", ())),
        env=_environment(answer, cwd),
        env_files=env_files,
        env_unknown=env_unknown,
        broken=dict(_broken(answer, cwd)),
        other_settings=dict(_other_settings(answer)),
    )


def _routes(answer: InspectorAnswer) -> tuple[Route, ...]:
    routes = [read_route(Route, entry) for entry in answer["routes"]]
    return with_rows(routes, answer.get("rows", ()))


def _unchanged(directory: Path) -> Prepared:
    """Return what a project without a manage.py changes: nothing."""
    return {"environment": {}, "digests": {}, "files": [], "directory": str(directory)}


def failure_lines(failed: Failed, directory: Path) -> list[str]:
    """Return what the project raised, its first cause, and the project's line that raised it.

    Secrets in them are masked.
    """
    lines = [failed["error"]]
    if failed["cause"]:
        lines.append(f"because of {failed['cause']}")
    at = failed["at"]
    if at:
        where = f"{os.path.relpath(at['file'], directory)}:{at['line']}"
        inside = f" in {at['function']}" if at["function"] else ""
        lines.append(f"at {where}{inside}: {at['code']}".rstrip(": "))
    return [masked(line) for line in lines]


# Applications


def _application(answer: InspectorAnswer, interface: Interface) -> str | None:
    entry = answer.get(interface)
    if entry is None:
        return None
    return fallback_application(interface) if entry["django"] else entry["application"]


def _broken(answer: InspectorAnswer, directory: Path) -> Iterator[tuple[str, str]]:
    """Yield each interface whose module raised, or ended the process, and how."""
    for interface in INTERFACES:
        entry = answer.get(interface)
        failed = entry["failed"] if entry else None
        if failed is None and answer["step"] == interface:
            failed = answer.get("failed") or {"error": answer["ended"], "cause": None, "at": None}
        if failed is not None:
            module = failed.get("module") or f"the {interface.upper()} module"
            yield interface, f"{module}: {', '.join(failure_lines(failed, directory))}"


def _other_settings(answer: InspectorAnswer) -> Iterator[tuple[str, str]]:
    """Yield each interface whose module sets other settings than the environment names."""
    for interface in INTERFACES:
        entry = answer.get(interface)
        settings = entry.get("settings") if entry else None
        if settings and answer["settings"] and settings != answer["settings"]:
            yield interface, settings


# The environment


def _environment(answer: InspectorAnswer, directory: Path) -> dict[str, str]:
    """Return what manage.py adds to the environment, which the servers need as well."""
    prepared, asgi = answer.get("prepared"), answer.get("asgi")
    named = {
        SETTINGS: answer["settings"],
        CONFIGURATION: answer.get("configuration"),
        CONFIGURED_BY: asgi.get("script") if asgi else None,
    }
    env = {name: value for name, value in named.items() if value}
    changed = prepared["environment"] if prepared else {}
    env = env | changed | env  # its own names come first, and win
    path = [
        os.path.relpath(entry, directory) if Path(entry).is_relative_to(answer["root"]) else entry
        for entry in dict.fromkeys(answer["path"])
        if Path(entry) != directory and Path(entry).is_dir()
    ]
    if path:
        env["PYTHONPATH"] = os.pathsep.join(path)
    return env


def _origins(
    digests: Mapping[str, str], files: Sequence[str], directory: Path
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the files that variables were read from, and the variables that are in none."""
    unknown = {**digests}
    for name in (SETTINGS, CONFIGURATION):
        unknown.pop(name, None)
    sources = []
    for file in files:
        variables = _variables(Path(file))
        names = [name for name, value in variables if unknown.get(name) == _digest(value)]
        if names:
            sources.append(os.path.relpath(file, directory))
        for name in names:
            del unknown[name]
    return tuple(sources), tuple(sorted(unknown))


def _variables(file: Path) -> Iterator[tuple[str, str]]:
    try:
        yield from read_env_file(file, os.environ).items()
    except (OSError, ValueError):  # it does not exist any more, or is no such file
        return


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode(errors="surrogateescape")).hexdigest()
