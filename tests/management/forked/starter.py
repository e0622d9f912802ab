"""Starts commands of Liveburst as forks of itself: `python -m tests.management.forked.starter FD`.

FD is a socket. A message on it is a JSON object, `arguments` and `env`, with the four
descriptors that a command gets: stdin, stdout and stderr, and a pipe. Into the pipe are written,
a line each, the command's process id and, once it has ended, its status as `Popen.returncode` has
it. A command is a process like any other: it has its own session, and the environment, settings
and signal handlers of a process that was just started. It lacks only the time that imports take.

It ends with the socket; what it has started does not.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
from functools import partial
from importlib import import_module
from pathlib import Path

from django.template import engines

from dashboard.startup import command
from tests.management.forked.server import preload, run_with_new_settings

MESSAGE_BYTES = 2**18
HIGHEST_DESCRIPTOR = 4096
# What `lab`, a verdict and an X-ray need besides. Daphne's server is left to each command: it makes
# the event loop.
MODULES = (
    "autobahn.twisted.websocket",
    "channels.generic.websocket",
    "channels.routing",
    "csp.middleware",
    "daphne.endpoints",
    "daphne.http_protocol",
    "daphne.ws_protocol",
    "dashboard.web.live.consumers",
    "dashboard.web.urls",
    "django.contrib.sessions.backends.db",
    "django.core.handlers.asgi",
    "django_htmx.middleware",
    "httptools",
    "httpx",
    "pygments.formatters",
    "pygments.lexers",
    "scipy.special",
    "twisted.internet.asyncioreactor",
    "twisted.internet.endpoints",
    "twisted.protocols.tls",
    "twisted.web.http",
)


def main(control: socket.socket) -> int | None:
    """Start what is asked for until the socket closes; in a command, return its status."""
    load()
    control.send(b"ready")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    pipes: dict[int, int] = {}  # by the process whose status is written to it
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    selector.register(reading, selectors.EVENT_READ)
    while True:
        ready = {key.fileobj for key, _ in selector.select()}
        if reading in ready:
            os.read(reading, 4096)
            report_ended(pipes)
        if control in ready:
            data, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 4)
            if not data:
                return None
            pid = os.fork()
            if pid == 0:
                selector.close()
                control.detach()  # closed with all others
                become(**json.loads(data), descriptors=descriptors)
                command.main()
                return 0
            for descriptor in descriptors[:3]:
                os.close(descriptor)
            pipes[pid] = descriptors[3]
            os.write(descriptors[3], b"%d\n" % pid)


def load() -> None:
    """Load what commands share: modules, and the templates that dashboards would compile."""
    with tempfile.TemporaryDirectory() as home:
        preload(home, without={"lab"})
    for name in MODULES:
        import_module(name)
    assert "twisted.internet.reactor" not in sys.modules, "it belongs to a command"
    compile_templates()
    gc.collect()
    gc.freeze()  # else each command's collector looks through all of this


def compile_templates() -> None:
    """Compile all templates; no setting changes how."""
    engine = engines["django"]
    for directory in engine.template_dirs:
        for file in Path(directory).rglob("*.html"):
            engine.get_template(str(file.relative_to(directory)))


def report_ended(pipes: dict[int, int]) -> None:
    """Write the status of each command that has ended."""
    while pipes:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        pipe = pipes.pop(pid)
        os.write(pipe, b"%d\n" % os.waitstatus_to_exitcode(status))
        os.close(pipe)


def become(arguments: list[str], env: dict[str, str], descriptors: list[int]) -> None:
    """Turn this fork into what a new process of these arguments is after its imports."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, number)
    os.closerange(3, HIGHEST_DESCRIPTOR)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["manage.py", *arguments]
    sys.orig_argv = [sys.executable, *sys.argv]
    command.run_command = partial(run_with_new_settings, command.run_command)


if __name__ == "__main__":
    sys.exit(main(socket.socket(fileno=int(sys.argv[1]))))
