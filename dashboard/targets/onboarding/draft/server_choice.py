"""Which servers a drafted scenario's lanes use: those that the project has installed, if any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dashboard.project.project import USUAL_WSGI
from dashboard.targets.onboarding.inspection import Inspection

from .pairing import ScenarioDraft

# By package, the server of ours that it is started as; the first if none is installed.
WSGI_SERVERS = {"gunicorn": "gunicorn-gthread", "waitress": "waitress"}
ASGI_SERVERS = {
    "uvicorn": "uvicorn",
    "daphne": "daphne",
    "hypercorn": "hypercorn",
    "granian": "granian-asgi",
}
WEBSOCKET_SERVER = "daphne"  # needs no further package for them


def lanes(scenario: ScenarioDraft, inspection: Inspection) -> Iterator[str]:
    """Yield lanes of which each differs from the one before in one thing: server or variant."""
    families = [route.family for route in scenario.routes]
    if inspection.wsgi:
        yield f"{families[0]}@{_choose(WSGI_SERVERS, inspection.servers)}"
    if inspection.asgi:
        for family in families:
            yield f"{family}@{_choose(ASGI_SERVERS, inspection.servers)}"


def first_server(inspection: Inspection) -> str:
    """Return the server of every scenario's first lane."""
    return _choose(WSGI_SERVERS if inspection.wsgi else ASGI_SERVERS, inspection.servers)


def todays_server(inspection: Inspection) -> str:
    """Return a usual way to serve the project with what it has installed."""
    server = first_server(inspection)
    return USUAL_WSGI if USUAL_WSGI.startswith(server) else server


def _choose(servers: Mapping[str, str], installed_packages: Sequence[str]) -> str:
    """Return a server that is installed, or else the first, which is installed when started."""
    installed = [server for package, server in servers.items() if package in installed_packages]
    return (installed or list(servers.values()))[0]
