"""The catalogue of servers: one entry for each, how to start it and what bounds its concurrency.

A new server is a new entry here; the tests that run over this table test it. Settings that would
make lanes differ in bytes or limits are the same on every command line: no access log, the same
backlog, room for as many connections as a load may have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dashboard.project.model.scenario import Interface
from dashboard.project.model.server import Arguments, ImplicitSettings, Launch, Server

__all__ = ["SERVERS", "Interface", "Server"]

NO_GUNICORN_SETTINGS = "liveburst_gunicorn.py"
CONNECTIONS = "16384"  # above the most that a load may have in flight
NO_ASYNC_UNDER_GEVENT = (
    "async views cannot work under gevent: its greenlets share one thread, where a second"
    " event loop may not run"
)


def _gunicorn(kind: str) -> Arguments:
    def arguments(server: Server, launch: Launch) -> list[str]:
        # The timeout exceeds the longest request that a plan may have.
        more = ["--threads", str(server.threads)] if server.model == "pool" else []
        if server.keep_alive_s is not None:
            more += ["--keep-alive", str(server.keep_alive_s)]
        if server.loop is not None:
            more += ["--asgi-loop", server.loop]
        if _at_least(launch.installed.get("gunicorn", ""), (25, 1)):
            more += ["--no-control-socket"]  # several gunicorns would use one file
        return [
            *("--config", server.config or str(launch.scripts / NO_GUNICORN_SETTINGS)),
            *("--bind", f"fd://{launch.listener.fileno()}", "--worker-class", kind),
            *("--workers", str(server.processes), "--backlog", str(server.backlog)),
            *("--worker-connections", CONNECTIONS, "--timeout", "600", "--log-level", "warning"),
            *(*more, server.application),
        ]

    return arguments


def _at_least(version: str, wanted: tuple[int, int]) -> bool:
    """Return whether a version is known and not earlier than the wanted one."""
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    return major.isdigit() and minor.isdigit() and (int(major), int(minor)) >= wanted


def _runserver(server: Server, launch: Launch) -> list[str]:
    return ["--fd", str(launch.listener.fileno()), server.application]


def _waitress(server: Server, launch: Launch) -> list[str]:
    # Its default of 100 connections would limit the lane; select() is limited to 1024.
    return [
        *("--fd", str(launch.listener.fileno()), "--threads", str(server.threads)),
        *("--backlog", str(server.backlog), "--connection-limit", CONNECTIONS),
        *("--channel-timeout", str(server.keep_alive_s), server.application),
    ]


def _daphne(server: Server, launch: Launch) -> list[str]:
    # Verbosity 0 writes no access log, which would be measured with each request.
    return ["--fd", str(launch.listener.fileno()), "--verbosity", "0", server.application]


def _uvicorn(server: Server, launch: Launch) -> list[str]:
    # `--loop auto --http auto` are the defaults: uvloop and httptools if installed.
    return [
        *("--fd", str(launch.listener.fileno()), "--workers", str(server.processes)),
        *("--backlog", str(server.backlog), "--timeout-keep-alive", str(server.keep_alive_s)),
        *("--loop", str(server.loop), "--http", "auto", "--timeout-graceful-shutdown", "1"),
        *("--no-access-log", "--log-level", "warning", server.application),
    ]


def _hypercorn(server: Server, launch: Launch) -> list[str]:
    return [
        *("--bind", f"fd://{launch.listener.fileno()}", "--workers", str(server.processes)),
        *("--backlog", str(server.backlog), "--keep-alive", str(server.keep_alive_s)),
        *("--worker-class", str(server.loop), "--graceful-timeout", "1"),
        *("--log-level", "warning", server.application_factory),
    ]


def _granian(server: Server, launch: Launch) -> list[str]:
    host, port = launch.listener.getsockname()
    threads = ["--blocking-threads", str(server.threads)] if server.model == "pool" else []
    return [
        *("--interface", server.interface, "--host", host, "--port", str(port)),
        *("--workers", str(server.processes), "--backlog", str(server.backlog)),
        *("--backpressure", CONNECTIONS, "--loop", str(server.loop), "--http", "1"),
        "--ws" if server.interface == "asgi" else "--no-ws",
        *("--workers-kill-timeout", "1", "--log-level", "warning"),
        *(*threads, server.application),
    ]


def _uwsgi(server: Server, launch: Launch) -> list[str]:
    """Return its arguments; its HTTP socket closes each connection, so a header announces that."""
    threads = ["--enable-threads", "--threads", str(server.threads)]
    return [
        *("--http-socket", f"fd://{launch.listener.fileno()}", "--listen", str(server.backlog)),
        *("--add-header", "Connection: close"),
        *("--master", "--die-on-term", "--need-app", "--disable-logging", "--buffer-size", "65535"),
        *("--processes", str(server.processes), *threads, "--module", server.application_factory),
    ]


# What each server reads without an option. Daphne, hypercorn, waitress and runserver read nothing.
_GUNICORN = ImplicitSettings(("gunicorn.conf.py",), ("GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"))
# Without it, uvicorn answers 404 to each websocket and reports that in its log only.
_UVICORN_EXTRA = ("websockets",)
_UVICORN = ImplicitSettings(variables=("UVICORN_", "WEB_CONCURRENCY"))
_GRANIAN = ImplicitSettings(variables=("GRANIAN_",))
_UWSGI = ImplicitSettings(variables=("UWSGI_",))
_LOOPS = ("auto", "asyncio", "uvloop")
_ENTRIES: Final = (
    Server(
        *("gunicorn-sync", ("gunicorn",), "wsgi", _gunicorn("sync"), "pool"),
        threads=1,
        implicit=_GUNICORN,
    ),
    Server(
        *("gunicorn-gthread", ("gunicorn",), "wsgi", _gunicorn("gthread"), "pool"),
        implicit=_GUNICORN,
        threads=8,
        threads_settable=True,
        keep_alive_s=2,
    ),
    Server(
        *("gunicorn-gevent", ("gunicorn", "gevent"), "wsgi", _gunicorn("gevent"), "greenlets"),
        implicit=_GUNICORN,
        # The worker imports it; only gunicorn's extra `gevent` installs it.
        extra_packages=("packaging",),
        keep_alive_s=2,
        no_async_reason=NO_ASYNC_UNDER_GEVENT,
    ),
    Server(
        *("gunicorn-asgi", ("gunicorn",), "asgi", _gunicorn("asgi")),
        implicit=_GUNICORN,
        minimum_version="25",
        keep_alive_s=2,
        loop="auto",
        loops=_LOOPS,
    ),
    Server(
        *("gunicorn-uvicorn", ("uvicorn-worker", "gunicorn", "uvicorn"), "asgi"),
        _gunicorn("uvicorn_worker.UvicornWorker"),
        extra_packages=_UVICORN_EXTRA,
        module="gunicorn",
        implicit=_GUNICORN,
        keep_alive_s=2,
    ),
    Server(
        *("waitress", ("waitress",), "wsgi", _waitress, "pool", "waitress"),
        threads=4,
        threads_settable=True,
        processes_settable=False,
        keep_alive_s=120,
        starter=True,
    ),
    Server(
        *("uvicorn", ("uvicorn",), "asgi", _uvicorn),
        extra_packages=_UVICORN_EXTRA,
        keep_alive_s=5,
        loop="auto",
        loops=_LOOPS,
        implicit=_UVICORN,
    ),
    Server("daphne", ("daphne",), "asgi", _daphne, processes_settable=False),
    Server(
        *("hypercorn", ("hypercorn",), "asgi", _hypercorn),
        keep_alive_s=5,
        loop="asyncio",
        loops=("asyncio", "uvloop"),
    ),
    Server(
        *("granian-asgi", ("granian",), "asgi", _granian),
        implicit=_GRANIAN,
        loop="auto",
        loops=_LOOPS,
        binds_itself=True,
    ),
    Server(
        *("granian-wsgi", ("granian",), "wsgi", _granian, "pool"),
        implicit=_GRANIAN,
        threads=8,
        threads_settable=True,
        loop="auto",
        binds_itself=True,
    ),
    Server(
        *("runserver", ("django",), "wsgi", _runserver, "threads", "runserver"),
        processes_settable=False,
        starter=True,
    ),
    Server(
        *("uwsgi", ("pyuwsgi",), "wsgi", _uwsgi, "pool", "uwsgi"),
        implicit=_UWSGI,
        threads=8,
        threads_settable=True,
        starter=True,
    ),
)

SERVERS: Final[Mapping[str, Server]] = {server.name: server for server in _ENTRIES}
