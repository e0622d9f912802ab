"""Inspects a Django project from inside; runs with the project's own Python.

    python liveburst_inspect.py REQUEST

REQUEST is a JSON object: `answer` (the file to write to, see liveburst_output.py), `root` (the
project's top directory), `manage` (its manage.py, or null), `settings` (a module given by the
user, or null), `otherwise` (one to try where manage.py names none, or null), `directory` (where
it runs), `timeout_s` and `rows` (how many to read for each route with parameters, 0 for none).

Standard library and the project's own Django, Python 3.9. It does what manage.py does for
`runserver` (liveburst_manage.py) and then reads settings, routes (liveburst_routes.py),
applications (liveburst_applications.py) and websockets (liveburst_sockets.py). It calls no view,
and queries the database only for rows (liveburst_rows.py).
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

# Beside this file, which is first on the import path until `main` takes it away.
import liveburst_manage
from liveburst_applications import find_application
from liveburst_output import Output, guarded
from liveburst_routes import routes
from liveburst_rows import rows_of
from liveburst_sockets import sockets_of

SERVERS = ("gunicorn", "waitress", "uvicorn", "daphne", "hypercorn", "granian")
OLDEST_PYTHON = (3, 9)
VARIABLE = "DJANGO_SETTINGS_MODULE"


class Inspector:
    """Starts the project as it starts itself, then looks at it."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._request = request
        self._output = Output(request["answer"], request["root"])
        self._path = list(sys.path[1:])
        self._preparation: liveburst_manage.Preparation | None = None

    def work(self) -> None:
        """Do everything; does not return."""
        self._output.add(step="python", python=platform.python_version(), executable=sys.executable)
        self._output.watch(self._request["timeout_s"])
        guarded(self._output, self._start)

    def _start(self) -> None:
        if sys.version_info < OLDEST_PYTHON:
            raise RuntimeError("expected Python 3.9 or later")
        manage, settings = self._request["manage"], self._request["settings"]
        # As for any script; the directory of this one is removed.
        sys.path[0] = self._request["directory"]
        if manage:
            self._output.add(step="manage")
            self._preparation = liveburst_manage.Preparation(manage)
            liveburst_manage.run(manage, settings, self._inspect_and_end)
        self._without_manage(settings or os.environ.get(VARIABLE) or self._request["otherwise"])

    def _without_manage(self, settings: str | None) -> None:
        """Start as `django-admin` would, with these settings."""
        if not settings:
            self._output.add(unnamed=True)
            return
        os.environ[VARIABLE] = settings
        if "DJANGO_CONFIGURATION" in os.environ:
            import_module("configurations.importer").install()
        self._inspect_and_end()

    def _inspect_and_end(self) -> None:
        """Run in place of a command: nothing that manage.py would do after it matters."""
        guarded(self._output, self._inspect)

    def _inspect(self) -> None:
        if self._request["settings"]:
            os.environ[VARIABLE] = self._request["settings"]
        settings_module = os.environ.get(VARIABLE)
        if self._preparation:
            self._output.add(prepared=self._preparation.end())
        self._output.add(
            step="settings",
            path=[str(Path(entry).absolute()) for entry in sys.path if entry not in self._path],
            settings=settings_module,
            configuration=os.environ.get("DJANGO_CONFIGURATION"),
        )
        django = import_module("django")
        self._output.add(django=django.get_version())
        django.setup()
        self._output.add(**read_settings())
        self._output.add(step="routes")
        resolver = import_module("django.urls").get_resolver()
        self._output.add(routes=list(routes(resolver)))
        self._output.add(**read_login_url())
        for kind in ("wsgi", "asgi"):
            self._output.add(step=kind)
            application = find_application(kind, settings_module, self._output.describe)
            self._output.add(**{kind: {**application, "settings": os.environ.get(VARIABLE)}})
            os.environ[VARIABLE] = settings_module or ""
        self._output.add(step="sockets", sockets=sockets_of(application["application"]))
        if self._request["rows"]:
            self._output.add(step="rows")
            self._output.add(rows=list(rows_of(resolver, self._request["rows"])))
        self._output.add(step="done")


def read_settings() -> dict[str, Any]:
    """Return what the settings decide about a request, and the servers that are installed."""
    settings = import_module("django.conf").settings
    return {
        "debug": bool(settings.DEBUG),
        "allowed_hosts": list(map(str, settings.ALLOWED_HOSTS)),
        "servers": [name for name in SERVERS if importlib.util.find_spec(name)],
        "databases": [
            {
                "engine": str(database.get("ENGINE", "")).rpartition(".")[2],
                "conn_max_age": database.get("CONN_MAX_AGE", 0),
            }
            for database in settings.DATABASES.values()
        ],
    }


def read_login_url() -> dict[str, Any]:
    """Return LOGIN_URL as a path; it may be the name of a route."""
    login_url = import_module("django.conf").settings.LOGIN_URL
    try:
        return {"login_url": str(import_module("django.shortcuts").resolve_url(login_url))}
    except Exception:  # whatever the project's own resolving raises
        return {"login_url": str(login_url)}


if __name__ == "__main__":
    Inspector(json.loads(sys.argv[1])).work()
