"""Starts servers whose own command line does not suffice; runs with the project's Python.

    python liveburst_start.py module MODULE ARGUMENTS…    as `python -m MODULE ARGUMENTS…`
    python liveburst_start.py runserver --fd N APPLICATION
    python liveburst_start.py waitress --fd N [--threads T …] APPLICATION
    python liveburst_start.py uwsgi ARGUMENTS…

One file, standard library, Python 3.9. LIVEBURST_APPENDED names a directory with servers that the
project's own environment lacks; it is appended to the import path.
"""

from __future__ import annotations

import os
import runpy
import socket
import sys
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any


def main(kind: str, arguments: list[str]) -> None:
    """Set the import path and start what `kind` names."""
    sys.path[0] = str(Path.cwd())  # as `python -m` does, in place of this script's directory
    if "LIVEBURST_APPENDED" in os.environ:
        sys.path.append(os.environ["LIVEBURST_APPENDED"])
    {"module": module, "runserver": runserver, "waitress": waitress, "uwsgi": uwsgi}[kind](
        arguments
    )


def module(arguments: list[str]) -> None:
    """Run a module as `python -m` does with these arguments."""
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


def runserver(arguments: list[str]) -> None:
    """Run Django's development server, as `manage.py runserver --noreload`, on our socket."""
    parser = ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("application")
    options = parser.parse_args(arguments)
    name, _, attribute = options.application.partition(":")
    getattr(import_module(name), attribute)  # it sets DJANGO_SETTINGS_MODULE, if nothing else does
    settings = import_module("django.conf").settings
    settings.WSGI_APPLICATION = options.application.replace(":", ".")
    # Its line for each request would be measured with it, and no other server writes one.
    import_module("logging").getLogger("django.server").setLevel("ERROR")
    command = development_command(settings)()
    command.server_cls = on_socket(socket.socket(fileno=options.fd))
    call = import_module("django.core.management").call_command
    call(command, "127.0.0.1:0", use_reloader=False, use_threading=True, skip_checks=True)


def development_command(settings: Any) -> Any:
    """Return Django's command `runserver`, that of staticfiles if it is installed.

    (Not any command of that name: Daphne's starts an ASGI server.)
    """
    package = "django.core"
    if "django.contrib.staticfiles" in settings.INSTALLED_APPS:
        package = "django.contrib.staticfiles"
    return import_module(f"{package}.management.commands.runserver").Command


def on_socket(listener: socket.socket) -> Any:
    """Return Django's development server, with this listening socket in place of its own."""
    basehttp = import_module("django.core.servers.basehttp")

    class OnSocket(basehttp.WSGIServer):  # type: ignore[misc, name-defined]
        """Django adds the mixin for threads itself."""

        socket: Any

        def server_bind(self) -> None:
            self.socket.close()
            self.socket = listener
            self.server_address = listener.getsockname()
            self.server_name, self.server_port = self.server_address
            self.setup_environ()

    return OnSocket


def waitress(arguments: list[str]) -> None:
    """Run waitress, which accepts a socket only from Python."""
    parser = ArgumentParser()
    for name in ("fd", "threads", "backlog", "connection-limit", "channel-timeout"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("application")
    options = vars(parser.parse_args(arguments))
    name, _, attribute = options.pop("application").partition(":")
    application = getattr(import_module(name), attribute)
    listener = socket.socket(fileno=options.pop("fd"))
    import_module("waitress").serve(
        application, sockets=[listener], asyncore_use_poll=True, _quiet=True, **options
    )


def uwsgi(arguments: list[str]) -> None:
    """Run the program of that name beside the interpreter, or else the module pyuwsgi."""
    program = Path(sys.executable).with_name("uwsgi")
    if program.exists():
        os.execv(program, [str(program), *arguments])  # nosec B606 # noqa: S606 - no shell is what we want
    import_module("pyuwsgi").run(arguments)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
