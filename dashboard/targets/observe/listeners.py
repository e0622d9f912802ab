"""Listening sockets of all processes, as the kernel's inet_diag and `ss -ltm` show them.

The counters of `/proc/net/netstat` are those of a whole network namespace, so that they contain
another program's full backlog. A socket's drops (`sk_drops`) are its own.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import sock_diag
from .sock_diag import SocketQuery

_MEMORY = 7  # INET_DIAG_SKMEMINFO; in a request the bit below
_DROPS = struct.Struct("=32xI")  # of its nine numbers the last: SK_MEMINFO_DROPS
_ATTRIBUTE = struct.Struct("=HH")  # rtattr: length, type
# In an answer: inet_diag_msg, then attributes.
_PORT, _ADDRESS, _COOKIE, _QUEUES = 4, 8, 44, 56
_ANSWER_BYTES = 72


@dataclass(frozen=True)
class Listener:
    """One listening socket: `queued` connections of at most `backlog` wait to be accepted.

    `drops` were turned away since the socket was made; None if the kernel does not report it.
    """

    cookie: int  # the kernel's own number for it, never used again
    address: str
    backlog: int
    queued: int
    drops: int | None


def listeners_on(host: str, port: int) -> list[Listener] | None:
    """Return the sockets that a connection to this address may reach; None if unknown.

    With SO_REUSEPORT there are several, one for each worker.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        listeners = [*_dump(socket.AF_INET, port), *_dump(socket.AF_INET6, port)]
    except (OSError, struct.error):  # TimeoutError among them
        return None
    return [listener for listener in listeners if _is_reached(listener.address, host)]


def backlog_of(port: int, host: str = "127.0.0.1") -> int | None:
    """Return the backlog in force on a port that another process listens on; None if unknown."""
    return next((listener.backlog for listener in listeners_on(host, port) or ()), None)


def namespace_drops(netstat: Path = Path("/proc/net/netstat")) -> int | None:
    """Return the connections that all listeners of this network namespace turned away.

    None if unknown.
    """
    try:
        lines = netstat.read_text().splitlines()
    except OSError:
        return None
    names, values = [line.split() for line in lines if line.startswith("TcpExt:")][:2]
    counts = dict(zip(names, values, strict=False))
    return int(counts["ListenDrops"]) if "ListenDrops" in counts else None


@dataclass(frozen=True)
class Drops:
    """What the listeners of one address had turned away at an instant.

    `own` is by the socket's cookie, `all` is the whole namespace's; None if unknown.
    """

    own: Mapping[int, int] | None
    all: int | None

    @classmethod
    def at(cls, host: str, port: int) -> Drops:
        """Return the present drops."""
        drops = {
            listener.cookie: listener.drops
            for listener in listeners_on(host, port) or ()
            if listener.drops is not None
        }
        return cls(drops or None, namespace_drops())

    def since(self, before: Drops) -> int | None:
        """Return how many connections these listeners turned away since then; None if unknown.

        A socket's counter also grows by packets that are no connection (a client's reset while
        its connection is being made), and the namespace's does not: the smaller one counts.
        """
        if self.own is None or before.own is None:
            return None
        grown = sum(drops - before.own.get(cookie, 0) for cookie, drops in self.own.items())
        if self.all is None or before.all is None:
            return grown
        return min(grown, self.all - before.all)


def _dump(family: socket.AddressFamily, port: int) -> Iterator[Listener]:
    """Yield every socket of this family that listens on the port. Raises OSError."""
    query = SocketQuery(
        family, port, states=1 << sock_diag.TCP_LISTEN, extensions=1 << (_MEMORY - 1)
    )
    for answer in sock_diag.dump(query):
        if struct.unpack_from("!H", answer, _PORT) == (port,):
            yield _listener(family, answer)


def _listener(family: socket.AddressFamily, answer: bytes) -> Listener:
    (cookie,) = struct.unpack_from("=Q", answer, _COOKIE)
    queued, backlog = struct.unpack_from("=II", answer, _QUEUES)
    address = answer[_ADDRESS : _ADDRESS + (4 if family == socket.AF_INET else 16)]
    memory = dict(_attributes(answer[_ANSWER_BYTES:])).get(_MEMORY, b"")
    drops = _DROPS.unpack_from(memory)[0] if len(memory) >= _DROPS.size else None
    return Listener(cookie, socket.inet_ntop(family, address), backlog, queued, drops)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        yield kind, data[_ATTRIBUTE.size : length]
        data = data[max((length + 3) & ~3, _ATTRIBUTE.size) :]


def _is_reached(address: str, host: str) -> bool:
    """Return True if a connection to `host` may reach a socket that listens on `address`."""
    listening = ipaddress.ip_address(address)
    if listening.is_unspecified:
        return True
    try:
        return listening == ipaddress.ip_address(host)
    except ValueError:  # a name of loopback, such as localhost
        return listening.is_loopback
