"""Looking at somebody's Django project through its own interpreter, to draft a lab.toml."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.wire.errors import InvalidManifest, Problem, TargetFailed

from .commands import read_tail, run_to_end
from .environment import project_environment
from .route import Route, Socket

INSPECTOR = Path(__file__).with_name("inspector") / "liveburst_inspect.py"
TIMEOUT_S = 60.0
VIRTUALENVS = (".venv", "venv", "env", ".env")
SETTINGS = re.compile(r"""["']DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']""")


@dataclass(frozen=True)
class Inspection:
    """A Django project as it looks from inside.

    `directory` has its manage.py. `python` is None where the dashboard's own interpreter was
    used. `servers` are the packages of servers that are there.
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
    sockets: tuple[Socket, ...] = ()


def inspect_project(root: Path, *, python: Path | None, settings: str | None) -> Inspection:
    """Look at the project at or right below `root`.

    `python` and `settings` are found where they are not given. Raises InvalidManifest where
    there is no project to be found, TargetFailed where it does not import.
    """
    directory = _directory(root.resolve())
    python = python or _virtualenv(directory) or _virtualenv(root.resolve())
    settings = settings or _settings(directory / "manage.py")
    said = _ask(python, directory, settings)
    return Inspection(
        directory=directory,
        python=python,
        python_version=said["python"],
        django=said["django"],
        settings=settings,
        wsgi=said["wsgi"],
        asgi=said["asgi"],
        debug=said["debug"],
        allowed_hosts=tuple(said["allowed_hosts"]),
        login_url=said["login_url"],
        servers=tuple(said["servers"]),
        databases=tuple(said["databases"]),
        routes=tuple(map(Route.of, said["routes"])),
        sockets=tuple(map(Socket.of, said["sockets"])),
    )


def _directory(root: Path) -> Path:
    found = [root, *sorted(path.parent for path in root.glob("*/manage.py"))]
    for directory in found:
        if (directory / "manage.py").is_file():
            return directory
    message = f"expected a manage.py in {root.name} or right below it, found none"
    raise InvalidManifest(Problem("path", message))


def _virtualenv(directory: Path) -> Path | None:
    """The interpreter of the virtualenv that lies in a directory, under one of the usual names.

    It is a symbolic link, and must be started by that name.
    """
    pythons = (directory / name / "bin" / "python" for name in VIRTUALENVS)
    return next((python for python in pythons if python.is_file()), None)


def _settings(manage: Path) -> str:
    found = SETTINGS.search(manage.read_text(encoding="utf-8", errors="replace"))
    if found is None:
        message = "expected manage.py to name DJANGO_SETTINGS_MODULE; give the module by --settings"
        raise InvalidManifest(Problem("settings", message))
    return found[1]


def _ask(python: Path | None, directory: Path, settings: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="liveburst-") as name:
        answer, errors = Path(name, "answer"), Path(name, "errors")
        command = [str(python or sys.executable), str(INSPECTOR), str(directory), settings]
        try:
            asyncio.run(
                run_to_end(
                    command,
                    env=project_environment({}, {}),
                    directory=directory,
                    log=answer,
                    errors=errors,
                    timeout_s=TIMEOUT_S,
                )
            )
        except TargetFailed:
            message = f"expected {settings} to import with {command[0]}"
            raise TargetFailed(message, read_tail(errors)) from None
        said: dict[str, Any] = json.loads(answer.read_text().splitlines()[-1])
        return said
