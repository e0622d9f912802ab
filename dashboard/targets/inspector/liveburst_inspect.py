"""Looks at a Django project from inside; runs with the project's own Python.

    python liveburst_inspect.py DIRECTORY SETTINGS

Standard library and the project's own Django, Python 3.9; `liveburst_routes.py` beside it walks
the routes. Writes one JSON object as the last line on stdout: the import strings, what a request
would meet (`debug`, `allowed_hosts`), and each route with its view. It only looks: it calls no
view and asks no database.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

from liveburst_routes import routes  # beside this file, which is first on the import path
from liveburst_sockets import sockets_of

SERVERS = ("gunicorn", "waitress", "uvicorn", "daphne", "hypercorn", "granian")


def look(settings_module: str) -> dict[str, Any]:
    """Everything that a lab.toml can be drafted from, as plain values."""
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    django = import_module("django")
    django.setup()
    settings = import_module("django.conf").settings
    resolver = import_module("django.urls").get_resolver()
    asgi = application(getattr(settings, "ASGI_APPLICATION", None), settings_module, "asgi")
    return {
        "python": platform.python_version(),
        "django": django.get_version(),
        "settings": settings_module,
        "wsgi": application(settings.WSGI_APPLICATION, settings_module, "wsgi"),
        "asgi": asgi,
        "debug": bool(settings.DEBUG),
        "allowed_hosts": list(settings.ALLOWED_HOSTS),
        "login_url": login_path(settings.LOGIN_URL),
        "servers": [name for name in SERVERS if importlib.util.find_spec(name)],
        "databases": [
            {
                "engine": str(database.get("ENGINE", "")).rpartition(".")[2],
                "conn_max_age": database.get("CONN_MAX_AGE", 0),
            }
            for database in settings.DATABASES.values()
        ],
        "routes": list(routes(resolver)),
        "sockets": sockets_of(asgi),
    }


def application(said: str | None, settings_module: str, kind: str) -> str | None:
    """The import string of the application: what the settings say, or the usual place for it."""
    module, _, attribute = (said or "").rpartition(".")
    candidates = [(module, attribute)] if said else []
    candidates.append((settings_module.partition(".")[0] + "." + kind, "application"))
    for module, attribute in candidates:
        with suppress(ImportError, AttributeError):
            if callable(getattr(import_module(module), attribute)):
                return f"{module}:{attribute}"
    return None


def login_path(login_url: Any) -> str:
    """LOGIN_URL as a path, which it may say by the name of a route."""
    try:
        return str(import_module("django.shortcuts").resolve_url(login_url))
    except Exception:  # whatever the project's own resolving raises
        return str(login_url)


if __name__ == "__main__":
    sys.path[0] = sys.argv[1]  # this script's own directory must go
    sys.stdout.write("\n" + json.dumps(look(sys.argv[2])) + "\n")
