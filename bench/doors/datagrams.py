"""Bad datagrams for the dashboard's and the probes' ends of the health reports."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
from hypothesis import strategies as st

from bench.observed_processes import marked

from .dashboard import Dashboard
from .door import Fault
from .values import json_texts, json_values, octets, texts

HOST = "127.0.0.1"
LARGEST_BYTES = 60_000
PAUSE_EVERY, PAUSE_S = 50, 0.01  # so that datagrams are read, and not dropped by the kernel


class DatagramDoor:
    """Datagrams of senders without the token."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._ports = sorted(_udp_ports(dashboard.mark))
        if len(self._ports) < 2:
            raise Fault("expected the ports of the dashboard and of a probe")
        self._processes = [process.pid for process in marked(dashboard.mark)]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sent = 0

    @property
    def inputs(self) -> st.SearchStrategy[Any]:
        """A port, and what is sent to it."""
        names = ("token", "type", "process", "firing", "at", "final", "interface", "versions")
        fields = st.dictionaries(
            st.sampled_from(names) | texts,
            st.sampled_from(["hello", "report", "begin", "end", ""]) | json_values,
            max_size=9,
        )
        near = fields.map(lambda message: json.dumps(message).encode())
        data = near | json_texts.map(lambda text: text.encode("utf-8", "replace")) | octets
        return st.tuples(st.sampled_from(self._ports), data)

    def answer(self, given: Any) -> str:
        """Return `sent`: nothing answers."""
        port, data = given
        self._socket.sendto(data[:LARGEST_BYTES], (HOST, port))
        self._sent += 1
        if self._sent % PAUSE_EVERY == 0:
            time.sleep(PAUSE_S)
        return "sent"

    def check(self) -> None:
        """Check that every process lives, that the dashboard answers, and that a run works."""
        self._dashboard.check_alive()
        ended = [pid for pid in self._processes if not psutil.pid_exists(pid)]
        if ended:
            raise Fault(f"{len(ended)} processes have ended")

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _udp_ports(mark: str) -> Iterator[int]:
    for process in marked(mark):
        with suppress(psutil.Error):
            for connection in process.net_connections("udp"):
                if connection.laddr and connection.laddr.port:
                    yield connection.laddr.port
