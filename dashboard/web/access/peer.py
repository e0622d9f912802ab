"""The user at the other end of a loopback connection, as the kernel knows it.

None means that the kernel cannot tell: the connection has ended, the peer is in another network
namespace or on another machine, or the system is not Linux. It is never a reason to admit.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from dashboard.targets.observe import sock_diag
from dashboard.targets.observe.sock_diag import SocketQuery
from dashboard.web.asgi_types import Scope

Endpoint: TypeAlias = tuple[str, int]  # address, port

# Where a user namespace has no number for a user, the kernel reports this one, for all of them.
OVERFLOW_UID = Path("/proc/sys/kernel/overflowuid")
_HEAD = struct.Struct("!xBxxHH16s16s")  # of an inet_diag_msg: state, ports, addresses
_OWNER = struct.Struct("=64xII")  # uid, inode
_ESTABLISHED, _FIN_WAIT1, _FIN_WAIT2 = 1, 4, 5
_OPEN = (_ESTABLISHED, _FIN_WAIT1, _FIN_WAIT2)  # in the last two the peer only receives

_PEER_UID = "liveburst.peer_uid"
_uids: WeakKeyDictionary[Any, int | None] = WeakKeyDictionary()  # by Twisted's transport


def own_uid(overflow_uid: Path = OVERFLOW_UID) -> int | None:
    """Return the user of this process's sockets; None if other users have the same number here."""
    try:
        shared = int(overflow_uid.read_text())
    except (OSError, ValueError):
        shared = None
    uid = os.geteuid()
    return None if uid == shared else uid


def uid_of_peer(peer: Endpoint, here: Endpoint) -> int | None:
    """Return the user whose socket is the other end of a TCP connection of this machine.

    A socket that its process has closed has no inode, and most kernels report root as its owner.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        answer = sock_diag.find(_query(peer, here))
        if answer is None:
            return None
        state, *ends = _HEAD.unpack_from(answer)
        uid, inode = _OWNER.unpack_from(answer)
    except (OSError, ValueError, struct.error):
        return None
    same = ends[:2] == [peer[1], here[1]] and [*map(_plain, ends[2:])] == [
        _plain(_packed(address)) for address, _ in (peer, here)
    ]
    return uid if same and inode and state in _OPEN else None


def add_peer(scope: Scope, transport: Any) -> None:
    """Add the user at the other end of Twisted's transport to an ASGI scope."""
    scope["extensions"] = {**scope.get("extensions", {}), _PEER_UID: uid_of(transport)}


def uid_of(transport: Any) -> int | None:
    """Return the user at the other end of Twisted's transport.

    The kernel is asked once per connection, and later requests on it have the same answer: it
    cannot change. An answer about a connection that has ended does not count, since its port may
    be another user's by then.
    """
    if transport not in _uids:
        peer, here = transport.getPeer(), transport.getHost()
        uid = uid_of_peer((peer.host, peer.port), (here.host, here.port))
        _uids[transport] = uid if _is_connected(_socket_of(transport)) else None
    return _uids[transport]


def peer_of(scope: Scope) -> int | None:
    """Return the user that `add_peer` found; None under other servers."""
    uid: int | None = scope.get("extensions", {}).get(_PEER_UID)
    return uid


def _query(peer: Endpoint, here: Endpoint) -> SocketQuery:
    family = socket.AF_INET6 if ip_address(peer[0]).version == 6 else socket.AF_INET
    return SocketQuery(
        family,
        local_port=peer[1],
        remote_port=here[1],
        local_address=_packed(peer[0]),
        remote_address=_packed(here[0]),
    )


def _packed(address: str) -> bytes:
    """Return the address as in an inet_diag_msg."""
    return ip_address(address).packed.ljust(16, b"\0")


def _plain(packed: bytes) -> bytes:
    """Return an IPv4 address that an IPv6 socket uses as IPv4, others unchanged."""
    mapped = IPv6Address(packed).ipv4_mapped
    return mapped.packed.ljust(16, b"\0") if mapped else packed


def _socket_of(transport: Any) -> socket.socket:
    """Return the socket, which for TLS is that of the transport below."""
    below = getattr(transport, "transport", transport)
    connected: socket.socket = below.getHandle()
    return connected


def _is_connected(connection: socket.socket) -> bool:
    try:
        connection.getpeername()
    except OSError:
        return False
    return True
