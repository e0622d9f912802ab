"""How the dashboard is exposed, from the environment. Without these variables it is not.

It is exposed if it has a certificate or trusts a proxy: then connections are encrypted up to
Liveburst or up to the proxy, and users log in. `--host` only chooses where it listens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final, Self, TypeAlias, TypeVar
from urllib.parse import urlsplit

Network: TypeAlias = IPv4Network | IPv6Network
Value = TypeVar("Value")

HOSTS: Final = "LIVEBURST_ALLOWED_HOSTS"
ORIGINS: Final = "LIVEBURST_TRUSTED_ORIGINS"
PROXY: Final = "LIVEBURST_TRUSTED_PROXY"
PREFIX: Final = "LIVEBURST_PATH_PREFIX"
CERTIFICATE: Final = "LIVEBURST_TLS_CERTIFICATE"
KEY: Final = "LIVEBURST_TLS_KEY"

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
# The first parts of our own addresses. As a prefix, one of them could not be told from an address
# without it.
OWN_ADDRESSES: Final = frozenset(
    {"audit", "calibrate", "claims", "explore", "fire", "login", "logout", "queue", "runs"}
    | {"samplings", "static", "survey", "ws", "xray"}
)
_HOST = re.compile(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")
_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


@dataclass(frozen=True)
class Exposure:
    """What the variables set; `problems` has a sentence for each that cannot be used."""

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    proxies: tuple[Network, ...] = ()
    prefix: str = ""
    certificate: Path | None = None
    key: Path | None = None
    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Read the environment. Never raises, since every command loads the settings."""
        problems: list[str] = []

        def listed(name: str, read: Callable[[str], Value]) -> tuple[Value, ...]:
            return tuple(_read_all(name, environment.get(name, ""), read, problems))

        prefixes = listed(PREFIX, _prefix)
        return cls(
            hosts=listed(HOSTS, _host),
            origins=listed(ORIGINS, _origin),
            proxies=listed(PROXY, _network),
            prefix=prefixes[0] if prefixes else "",
            certificate=_path(environment.get(CERTIFICATE)),
            key=_path(environment.get(KEY) or environment.get(CERTIFICATE)),
            problems=tuple(problems),
        )

    @property
    def exposed(self) -> bool:
        """True if users have to log in."""
        return bool(self.proxies or self.certificate)

    @property
    def allowed_hosts(self) -> list[str]:
        """The names that a Host header may have.

        A proxy that replaces the header sends a name of this machine. That is accepted only where
        the page's own origins are listed: otherwise every form and websocket would be refused.
        """
        names = [*self.hosts, *(host for host in map(_host_of, self.origins) if host)]
        local = LOOPBACK if not self.proxies or self.certificate or self.origins else ()
        return list(dict.fromkeys([*local, *names]))

    def trusts(self, address: str) -> bool:
        """Return True for the address of a trusted proxy."""
        parsed = plain_address(address)
        return parsed is not None and any(parsed in network for network in self.proxies)


def plain_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address, IPv4 also where IPv6 contains it; None for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _read_all(
    name: str, text: str, read: Callable[[str], Value], problems: list[str]
) -> list[Value]:
    """Return the values of a list with commas; add a problem for each that cannot be used."""
    values = []
    for part in filter(None, map(str.strip, text.split(","))):
        try:
            values.append(read(part))
        except ValueError as error:
            problems.append(f"{name}: {error}, found {part!r}")
    return values


def _host(text: str) -> str:
    if not _HOST.fullmatch(text.lower()):
        raise ValueError("expected names of hosts without a port, such as lab.example.com")
    return text.lower()


def _origin(text: str) -> str:
    """Return an origin as browsers send it."""
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        url, port = urlsplit(""), None
    host = _host_of(text)
    if url.scheme != "https" or not host or url.path.strip("/") or url.query or "@" in url.netloc:
        raise ValueError("expected origins such as https://lab.example.com:8443")
    return f"https://{host}" if port in {None, 443} else f"https://{host}:{port}"


def _host_of(origin: str) -> str | None:
    try:
        name = urlsplit(origin).hostname or ""
    except ValueError:
        return None
    host = f"[{name}]" if ":" in name else name
    return host if _HOST.fullmatch(host) and not host.startswith(".") else None


def _network(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError("expected addresses of proxies, such as 127.0.0.1") from None
    if not network.prefixlen:
        raise ValueError("expected addresses of proxies, not all addresses")
    return network


def _prefix(text: str) -> str:
    prefix = text.rstrip("/")
    if not _PREFIX.fullmatch(prefix) or prefix.split("/")[1] in OWN_ADDRESSES:
        raise ValueError("expected a path such as /liveburst, and none of our own pages'")
    return prefix


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None
