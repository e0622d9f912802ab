"""Wraps a project's WSGI or ASGI application and reports the server's side of each request.

Runs in every worker process of a target, in the project's own virtualenv: this file and the
modules beside it, standard library alone, Python 3.9. A server serves `liveburst_probe:wsgi` or
`liveburst_probe:asgi`; the environment holds the rest:

    LIVEBURST_APP      the project's own application, "module:attribute"
    LIVEBURST_SERVER   the server's packages, with commas, whose versions are reported
    LIVEBURST_HEALTH   host:port of the dashboard; without it requests are stamped all the same
    LIVEBURST_TOKEN    what every datagram must carry
    LIVEBURST_DIRECTORY   the project's own, whose lines of code are named
    LIVEBURST_WITHOUT     entries of MIDDLEWARE to leave out, with commas (`liveburst_without.py`)
    LIVEBURST_EXECUTOR    threads of the loop's default executor (`liveburst_executor.py`)
    LIVEBURST_DATABASES   settings of DATABASES to override (`liveburst_database_settings.py`)
    LIVEBURST_SAMPLER     what `liveburst_sampler.py` reads; without it nothing is sampled

Each response carries the header `liveburst: ENTERED VIEW_ENTERED VIEW_LEFT PROCESS`
(monotonic nanoseconds and a process id; -1 if unknown, and a VIEW_ENTERED of -2 if Django had
the request and called no view before it answered). The datagrams are specified in
docs/frame.md. A probe must never break a response: whatever goes wrong here goes unreported.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

from liveburst_application import load_application
from liveburst_asgi import ASGIProbe
from liveburst_connections import watch_connections
from liveburst_database_settings import check_databases, override_databases
from liveburst_django_errors import watch_errors
from liveburst_django_views import watch_views
from liveburst_pools import watch_executors
from liveburst_threads import watch_threads
from liveburst_without import check_left_out, override_middleware
from liveburst_worker import Worker
from liveburst_wsgi import WSGIProbe


def __getattr__(name: str) -> Any:
    """Make `wsgi` or `asgi` when a server imports it: only then is the project imported."""
    if name not in ("wsgi", "asgi"):
        raise AttributeError(name)
    override_middleware()
    override_databases()
    application = load_application(os.environ["LIVEBURST_APP"])
    check_left_out()
    check_databases()
    watch_connections()
    watch_threads()
    watch_executors()
    watch_views()
    watch_errors()
    if name == "asgi" and "LIVEBURST_EXECUTOR" in os.environ:
        application = importlib.import_module("liveburst_executor").with_executor(application)
    if "LIVEBURST_SAMPLER" in os.environ:
        application = importlib.import_module("liveburst_sampler").sampled(name, application)
    wrapper = WSGIProbe if name == "wsgi" else ASGIProbe
    globals()[name] = wrapper(application, Worker(name))
    return globals()[name]


def make_wsgi() -> Any:
    """Return `wsgi`, for servers that do not call `__getattr__` (uWSGI, Hypercorn)."""
    return __getattr__("wsgi")


def make_asgi() -> Any:
    """Return `asgi`, likewise."""
    return __getattr__("asgi")
