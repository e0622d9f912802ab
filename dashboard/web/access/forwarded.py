"""The way of a request to an exposed dashboard: scheme, client, host, path.

The headers of a proxy count only if the connection is from a trusted one, and are removed in any
case. What follows in the application sees the request as the proxy received it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.http.request import split_domain_port, validate_host

from dashboard.web.asgi_types import Scope

from .exposure import HOSTS, PROXY, Exposure, plain_address

# A request with one of these was passed on by a proxy, whose user is not the client's.
FORWARDED: Final = frozenset(
    {b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"}
)
_REMOVED: Final = FORWARDED | {
    b"x-forwarded-proto",
    b"x-forwarded-port",
    b"x-forwarded-prefix",
    b"x-forwarded-scheme",
    b"x-forwarded-ssl",
    b"x-forwarded-server",
}
_WEBSOCKET_SCHEMES: Final = {"http": "ws", "https": "wss"}

HOST_LINE: Final = "proxy_set_header Host $http_host;"
FOR_LINE: Final = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
PROTO_LINE: Final = "proxy_set_header X-Forwarded-Proto $scheme;"
UPGRADE_LINES: Final = (
    "proxy_http_version 1.1;",
    "proxy_set_header Upgrade $http_upgrade;",
    'proxy_set_header Connection "upgrade";',
)


@dataclass(frozen=True)
class Obstacle(Exception):
    """Why a request is refused, whoever sent it, and the lines that are missing where."""

    sentence: str
    lines: tuple[str, ...] = ()
    where: str = "nginx"


def straighten(scope: Scope, exposure: Exposure) -> bool:
    """Make a scope what the proxy received, or the client sent; return True if through a proxy.

    Raises Obstacle for a request that no configured way leads to.
    """
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    peer = scope["client"][0] if scope.get("client") else ""
    proxied = exposure.trusts(peer)
    scheme, host = "https", b", ".join(_values(headers, b"host"))
    if proxied:
        host = _last(headers, b"x-forwarded-host") or host
        scheme, client = _passed_on(headers, host, exposure)
        scope["client"] = [client, 0]
    else:
        _check_direct(headers, peer, host, exposure)
    others = [pair for pair in headers if pair[0] not in _REMOVED and pair[0] != b"host"]
    scope["headers"] = [(b"host", host), *others]
    scope["scheme"] = _WEBSOCKET_SCHEMES[scheme] if scope["type"] == "websocket" else scheme
    _prefix(scope, exposure.prefix)
    return proxied


def inner_path(scope: Scope) -> str:
    """Return the path without the prefix."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"


def _passed_on(
    headers: list[tuple[bytes, bytes]], host: bytes, exposure: Exposure
) -> tuple[str, str]:
    """Return scheme and client of a request from a trusted proxy, which must be complete."""
    scheme = _last(headers, b"x-forwarded-proto").lower().decode("latin-1")
    client = _client(_list(headers, b"x-forwarded-for"), exposure)
    sentences, lines = [], []
    if scheme not in _WEBSOCKET_SCHEMES or client is None:
        sentences.append(
            "The proxy does not pass on whether the connection is encrypted, or its client."
        )
        lines += [PROTO_LINE] if scheme not in _WEBSOCKET_SCHEMES else []
        lines += [FOR_LINE] if client is None else []
    if not _is_allowed(host, exposure):
        sentences.append(
            f"{_unknown_name(host)} nginx replaces the name by that of its upstream, unless told"
            f" otherwise. If it is the dashboard's name, it is missing in {HOSTS}."
        )
        lines.append(HOST_LINE)
    if lines or client is None:
        raise Obstacle(" ".join(sentences), tuple(lines))
    return scheme, client


def _client(addresses: list[bytes], exposure: Exposure) -> str | None:
    """Return the last address that is not a trusted proxy's: what is before it, anyone can send."""
    client = None
    for text in reversed(addresses):
        address = plain_address(_without_port(text.decode("latin-1")))
        if address is None:
            break
        client = str(address)
        if not exposure.trusts(client):
            break
    return client


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _check_direct(
    headers: list[tuple[bytes, bytes]], peer: str, host: bytes, exposure: Exposure
) -> None:
    """Refuse what a proxy passed on that is not trusted, what is not encrypted, other names."""
    if any(name in FORWARDED for name, _ in headers):
        raise Obstacle(
            f"This request came through a proxy at {peer}, which Liveburst does not trust.",
            (f"{PROXY}={peer}",),
            "the environment of Liveburst, if the proxy is yours",
        )
    if exposure.certificate is None:
        raise Obstacle("This dashboard is reached through its proxy, and not at this address.")
    if not _is_allowed(host, exposure):
        setting = f"{HOSTS}={_domain(host) or 'lab.example.com'}"
        where = "the environment of Liveburst, if that is its name"
        raise Obstacle(_unknown_name(host), (setting,), where)


def _is_allowed(host: bytes, exposure: Exposure) -> bool:
    domain = _domain(host)
    return bool(domain) and validate_host(domain, exposure.allowed_hosts)


def _domain(host: bytes) -> str:
    """Return the name in a Host header without the port; empty if it is none."""
    return split_domain_port(host.decode("latin-1"))[0]


def _unknown_name(host: bytes) -> str:
    return f"This dashboard is not reached by the name {host.decode('latin-1')[:200]!r}."


def _prefix(scope: Scope, prefix: str) -> None:
    """Set the path with the prefix, whether the proxy has removed it or not.

    Daphne would take the prefix from a header that any client can send.
    """
    path: str = scope["path"]
    if prefix:
        inner = path.removeprefix(prefix) if f"{path}/".startswith(f"{prefix}/") else path
        scope["path"] = prefix + (inner if inner.startswith("/") else f"/{inner}")
    scope["root_path"] = prefix


def _values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]


def _list(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Return the parts of a header that is a list, in any number of lines."""
    parts = b",".join(_values(headers, name)).split(b",")
    return [part.strip() for part in parts if part.strip()]


def _last(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    """Return what the nearest proxy added; empty if the header is missing."""
    return (_list(headers, name) or [b""])[-1]
