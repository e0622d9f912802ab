"""Exchanges datagrams with the dashboard, in a thread that sleeps between firings.

They are specified in docs/frame.md. Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Callable
from typing import Any

from liveburst_answers import ANSWERS
from liveburst_connections import CONNECTIONS
from liveburst_counters import BYSTANDER, LOAD
from liveburst_environment import context_switches, django_settings, versions
from liveburst_heartbeat import GeventHub, Heartbeat, running_loop
from liveburst_loop import ELSEWHERE, IN_APP, IN_VIEW, LOOP, watch_tasks
from liveburst_pools import DefaultExecutor, queued_for_single_thread
from liveburst_request import UNKNOWN, now
from liveburst_unpatched import unpatched

REPORT_S = 0.05
LAST_REPORT_S = 0.01  # after `end`, while the dashboard waits for the last report
LOOP_COLUMNS = (
    *("loop_lag", "loop_held", "loop_held_by"),
    *("loop_in_view", "loop_in_app", "loop_elsewhere"),
)


class Reporter:
    """Reports on this process while a firing is on; made in the thread that serves requests."""

    def __init__(self, interface: str) -> None:
        host, _, port = os.environ["LIVEBURST_HEALTH"].rpartition(":")
        self.token = os.environ["LIVEBURST_TOKEN"]
        self.interface = interface
        self.firing: int | None = None
        self.ending = False
        self.reported_ns = 0  # when the last report was sent
        loop = running_loop()
        self.heartbeat = None if loop is None else Heartbeat(loop)
        self.executor = DefaultExecutor(loop)
        self.socket = unpatched("socket", "socket")(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, int(port)))
        self.poller = unpatched("select", "poll")()
        self.poller.register(self.socket, select.POLLIN)

    def run(self) -> None:
        """Greet the dashboard, then obey it and report until the process ends."""
        self.attempt(self.greet)
        while True:
            self.attempt(self.listen)

    def attempt(self, action: Callable[[], None]) -> None:
        """Do something, and survive its errors: the process must serve on."""
        try:
            action()
        except OSError:  # the dashboard has gone
            self.finish()
        except (ValueError, KeyError, TypeError, RuntimeError):
            pass  # a datagram that is not ours, a loop that is closed

    def greet(self) -> None:
        """Send what this process is."""
        loop = None if self.heartbeat is None else self.heartbeat.loop
        self.send(
            "hello", interface=self.interface, versions=versions(loop), django=django_settings()
        )

    def listen(self) -> None:
        """Wait for an order, or until a report is due, and report if a firing is on."""
        pause_s = LAST_REPORT_S if self.ending else REPORT_S
        order = self.poller.poll(None if self.firing is None else 1000 * pause_s)
        if order:
            self.obey(json.loads(self.socket.recv(65536)))
        if self.firing is not None and (order or self.report_is_due()):
            self.report()

    def report_is_due(self) -> bool:
        """Return True if it is time for the next report, or for the last."""
        return (self.ending and LOAD.is_quiet()) or now() - self.reported_ns >= REPORT_S * 1e9

    def obey(self, message: dict[str, Any]) -> None:
        """Begin to report on `begin`; on `end` stop as soon as nothing is under way."""
        if message["token"] != self.token:
            return
        if message["type"] == "begin":
            self.firing, self.ending = message["firing"], False
            if not message.get("running"):  # else it began before this process sent its hello
                LOAD.begin()
                BYSTANDER.begin()
                ANSWERS.begin()
                CONNECTIONS.begin()
            if self.heartbeat is not None:
                self.heartbeat.begin()
        elif message["type"] == "end" and message["firing"] == self.firing:
            self.ending = True

    def report(self) -> None:
        """Send the present state; the last report of a firing is `final`."""
        final = self.ending and LOAD.is_quiet()
        self.reported_ns = now()
        connections = CONNECTIONS.report(final=final)
        columns = {
            **LOAD.report(),
            "neighbour_requests": BYSTANDER.requests,
            **self.read_loop(),
            "neighbour_threads_started": BYSTANDER.threads_started,
            "switches": context_switches(),
            **CONNECTIONS.columns(),
        }
        self.send(
            "report",
            firing=self.firing,
            final=final,
            at=self.reported_ns,
            **columns,
            answers=ANSWERS.news(),
            executor=self.executor.read(),
            one_thread=queued_for_single_thread(),
            connections=connections,
        )
        if final:
            self.finish()

    def watch_loop(self) -> None:
        """Watch the steps of requests in this thread, if an event loop runs in it."""
        if self.heartbeat is not None and not isinstance(self.heartbeat.loop, GeventHub):
            LOOP.watch_this_thread()
            watch_tasks(self.heartbeat.loop)

    def read_loop(self) -> dict[str, int]:
        """Return the columns on the event loop. Whose code held gevent's hub is not known."""
        if self.heartbeat is None:
            return dict.fromkeys(LOOP_COLUMNS, UNKNOWN)
        lag, (held, holder) = self.heartbeat.take(), LOOP.take()
        if LOOP.thread == UNKNOWN:
            return dict(dict.fromkeys(LOOP_COLUMNS, UNKNOWN), loop_lag=lag, loop_held=held)
        spent = [LOOP.spent_ns[at] for at in (IN_VIEW, IN_APP, ELSEWHERE)]
        return dict(zip(LOOP_COLUMNS, (lag, held, holder, *spent)))

    def finish(self) -> None:
        """Sleep until the next firing."""
        self.firing, self.ending = None, False
        if self.heartbeat is not None:
            self.heartbeat.end()

    def send(self, kind: str, **fields: Any) -> None:
        """Send one datagram. Raises OSError if the dashboard has gone."""
        message = dict(fields, type=kind, token=self.token, process=os.getpid())
        self.socket.send(json.dumps(message).encode())
