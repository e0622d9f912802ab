"""`manage.py lab`: the dashboard until Ctrl-C; `lab init`, `lab import`: a file for a project."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import sys
import webbrowser
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from daphne.server import reactor  # from there: Daphne installs the one on asyncio
from django.conf import settings
from django.core.management import BaseCommand, CommandError
from twisted.internet.defer import Deferred
from twisted.internet.error import ReactorNotRunning

from dashboard.asgi import application
from dashboard.database.opening import open_database
from dashboard.management.exposed_start import check_exposure, public_address
from dashboard.management.lab_import.command import add_import_options, import_traffic
from dashboard.management.lab_init.command import InitResult, add_init_options, init
from dashboard.management.memory import release_large_blocks
from dashboard.management.options import BAD_USAGE, RUN_FAILED, Options, add_project, read_project
from dashboard.project.labtoml.schema import lab_schema
from dashboard.runs.archive.retention_limits import Limits
from dashboard.runs.archive.tidying import keep_tidy
from dashboard.runs.planning.program import suggested_command
from dashboard.runs.queue import run_queue
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.where.on_demand import RunSampler
from dashboard.runs.wiring import set_up
from dashboard.runs.xray.traced_request import RequestTracer
from dashboard.state.home import home
from dashboard.targets.supervise.cores import Cores
from dashboard.web.access.credentials import Credentials
from dashboard.web.access.exposed_gate import ExposedGate
from dashboard.web.access.exposure import Exposure
from dashboard.web.access.gate import TOKEN, AccessGate
from dashboard.web.access.peer import own_uid
from dashboard.web.access.sessions import StartToken
from dashboard.web.asgi_types import Application
from dashboard.web.live.follow import watch_queue
from dashboard.web.serving.bounded_connection import MOST_OF_USERS, BoundedChannel
from dashboard.web.serving.bundle import current_bundle
from dashboard.web.serving.daphne_server import DashboardServer
from dashboard.web.shared.laboratory_access import set_laboratory
from dashboard.web.where.jobs import where_jobs
from dashboard.web.xray.jobs import xray_store
from dashboard.wire.errors import Invalid, LiveburstError, TargetFailed
from dashboard.wire.plural import counted

PORTS_TRIED = 50
MAX_PORT = 65535
BACKLOG = 256
UNBUNDLED = (
    "Scripts and styles are served file by file, since no bundle was built of them as they are now:"
    " `make run` builds it."
)


class Command(BaseCommand):
    """Serves the page and performs its runs, or drafts a lab.toml, or prints its schema."""

    help = "Start the dashboard, draft a lab.toml (init, import), or print its schema (schema)."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument(
            "--host",
            default="127.0.0.1",
            help="where to listen; other than a loopback address: only exposed on purpose, with"
            " users and TLS or a trusted proxy (docs/exposed.md)",
        )
        parser.add_argument("--port", type=int, default=8000, help="0: any free port")
        add_project(parser)
        parser.add_argument("--no-browser", action="store_true")
        parser.add_argument(
            "--no-token",
            action="store_true",
            help="admit everyone who reaches the address: all users of this machine can fire,"
            " export and delete",
        )
        actions = parser.add_subparsers(dest="action", metavar="init|import|schema")
        add_init_options(actions.add_parser("init", help="draft a lab.toml for a Django project"))
        add_import_options(
            actions.add_parser(
                "import", help="draft a lab.toml from an access log, a HAR file or OpenAPI"
            )
        )
        actions.add_parser("schema", help="print the JSON Schema of a lab.toml, for editors")

    def handle(self, *args: Any, **options: Any) -> None:
        """Draft, print the schema, or serve until Ctrl-C."""
        match options["action"]:
            case "init":
                self._draft(init, options)
            case "import":
                self._draft(import_traffic, options)
            case "schema":
                self.stdout.write(lab_schema(), ending="")
            case _:
                self._serve(options)

    def _draft(self, draft: Callable[[Options], InitResult], options: Options) -> None:
        """Write a lab.toml, and print what was done."""
        try:
            result = draft(options)
        except Invalid as error:
            raise CommandError(str(error), returncode=BAD_USAGE) from None
        except TargetFailed as error:
            raise CommandError(f"{error}\n{error.log_tail}", returncode=RUN_FAILED) from None
        for note in result.notes:
            self.stdout.write(note)
        if result.problem:
            raise CommandError(result.problem, returncode=RUN_FAILED)
        scenarios = result.project.scenarios
        number = counted(len(scenarios), "scenario")
        self.stdout.write(f"{result.file} has {number}: {', '.join(scenarios)}.")
        self.stdout.write(f"Read it, then: {suggested_command('lab', '--project', result.file)}")

    def _serve(self, options: Options) -> None:
        release_large_blocks()
        exposure: Exposure = settings.EXPOSURE
        check_exposure(exposure, options["host"], with_token=not options["no_token"])
        listener = listen(options["host"], options["port"])
        try:
            project = read_project(options)
            limits = Limits.of_environment(os.environ)
        except LiveburstError as error:
            raise CommandError(str(error), returncode=2) from None
        open_database()
        run_queue.mark_interrupted()
        mark = os.environ.get("LIVEBURST_MARK") or f"liveburst-{os.getpid()}"
        # Before the cores are shared out, which narrows this process's own.
        xray_store.use(RequestTracer(mark=mark, home=home(), cores=Cores.here()))
        laboratory = set_up(project, home())
        set_laboratory(laboratory)
        where_jobs.use(RunSampler(laboratory))
        end_when_asked()
        port = listener.getsockname()[1]
        if exposure.exposed:
            gated = self._announce_exposed(exposure, public_address(exposure, port))
            serve(gated, listener, laboratory, None, limits)
            return
        host = f"[{options['host']}]" if ":" in options["host"] else options["host"]
        # Any of 127.0.0.0/8 is loopback, and only the usual names are in the settings.
        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, host]
        address = f"http://{host}:{port}"
        gated = self._announce(address, with_token=not options["no_token"])
        opened = None if options["no_browser"] else address
        serve(gated, listener, laboratory, opened, limits)

    def _announce_exposed(self, exposure: Exposure, address: str) -> Application:
        """Print where users log in, and return the application with the gate for them."""
        start = StartToken()
        self.stdout.write(f"Liveburst is at {address}")
        self.stdout.write(f"For you, without a login: {address}?{TOKEN}={start.token}")
        self.stdout.flush()
        return ExposedGate(application, exposure, start, own_uid())

    def _announce(self, address: str, *, with_token: bool) -> Application:
        """Print where the dashboard is, and return the application with its gate."""
        self.stdout.write(f"Liveburst is at {address}")
        if with_token:
            credentials = Credentials()
            # Only here: it is not logged, and the browser is opened without it, since other users
            # can read command lines.
            self.stdout.write(
                "For another user or through a forwarded port:"
                f" {address}/?{TOKEN}={credentials.token}"
            )
            gated: Application = AccessGate(application, credentials, own_uid())
        else:
            self.stdout.write("--no-token: every user of this machine can fire, export and delete.")
            gated = application
        if current_bundle() is None:
            self.stdout.write(UNBUNDLED)
        self.stdout.flush()
        return gated


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on this port or, if that is taken, on the next free one."""
    family = _family(host)
    if not 0 <= port <= MAX_PORT:
        message = f"port: expected 0 to {MAX_PORT}, found {port}"
        raise CommandError(message, returncode=BAD_USAGE)
    last = min(port + PORTS_TRIED, MAX_PORT) if port else 0
    for candidate in range(port, last + 1):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE:
                continue
            raise CommandError(_no_listener(host, candidate, error), returncode=BAD_USAGE) from None
        return listener
    raise CommandError(f"port: expected a free one from {port} to {last}, found none", returncode=2)


def _no_listener(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return f"host: expected an address that this machine has, found {host!r}"
    return f"port: expected one that can be listened on, found {port} ({error.strerror})"


def _family(host: str) -> socket.AddressFamily:
    """Return the family of an address that `check_exposure` has accepted."""
    address = ip_address("127.0.0.1" if host == "localhost" else host)
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def _has_screen() -> bool:
    """Return True if a browser would have a window; a text browser would take the terminal."""
    return sys.platform != "linux" or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())


def end_when_asked() -> None:
    """Have Ctrl-C and SIGTERM end the dashboard from now on, even before it serves.

    Twisted has handlers of its own, but loses a signal that arrives while it starts.
    """

    def stop() -> None:
        with suppress(ReactorNotRunning):  # it is stopping already
            reactor.stop()

    loop = reactor._asyncioEventloop  # noqa: SLF001, as Daphne does
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


def serve(
    gated: Application,
    listener: socket.socket,
    laboratory: Laboratory,
    address: str | None,
    limits: Limits,
) -> None:
    """Run Daphne on the socket until SIGTERM or SIGINT."""
    tasks: list[asyncio.Task[None]] = []

    def ready() -> None:
        tasks.append(asyncio.ensure_future(laboratory.keep_calibrated()))
        tasks.append(asyncio.ensure_future(watch_queue(laboratory.hub)))
        tasks.append(asyncio.ensure_future(keep_tidy(limits)))
        if address and _has_screen():
            webbrowser.open(address)

    def close() -> Deferred[None]:
        return Deferred.fromFuture(asyncio.ensure_future(laboratory.close()))

    reactor.addSystemEventTrigger("before", "shutdown", close)
    exposure: Exposure = settings.EXPOSURE
    if exposure.exposed:
        BoundedChannel.most_of_others = MOST_OF_USERS
    DashboardServer(
        gated,
        exposure=exposure,
        endpoints=[f"fd:fileno={listener.fileno()}"],
        ready_callable=ready,
        server_name="liveburst",
        signal_handlers=False,
    ).run()
