"""The socket that a server is given to listen on, and its backlog as the kernel reports it."""

from __future__ import annotations

import socket
import struct
import sys

from dashboard.wire.loopback import HOST

BACKLOG = 2048
_MAX_BACKLOG_OFFSET = 28  # of tcpi_sacked in struct tcp_info: the backlog, for a listening socket


def listening_socket() -> socket.socket:
    """Return a socket that listens on a free loopback port, to be passed to a server.

    TCP_NODELAY is set before it is passed, and every connection inherits it: uvicorn, for
    one, takes the socket for a Unix one and would not set it itself, which costs 40 ms for
    each request on a connection that is kept alive.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((HOST, 0))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def reserved_socket() -> socket.socket:
    """Return a socket that reserves a free loopback port without listening on it.

    For a server that makes its own socket with SO_REUSEPORT: the port cannot be taken meanwhile,
    and the kernel passes connections only to sockets that listen.
    """
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((HOST, 0))
    except OSError:
        holder.close()
        raise
    return holder


def restore_backlog(listener: socket.socket, backlog: int = BACKLOG) -> int | None:
    """Set our backlog again, since several servers listen with less; return the one in force.

    None if the system does not report it.
    """
    listener.listen(backlog)
    if not sys.platform.startswith("linux"):
        return None
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    (in_force,) = struct.unpack_from("@I", info, _MAX_BACKLOG_OFFSET)
    return int(in_force)


def free_port() -> int:
    """Return a loopback port that is free at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.bind((HOST, 0))
        return int(holder.getsockname()[1])
