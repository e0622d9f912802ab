"""The origin of websockets: exactly the page's, which is scheme, host and port."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import validate_host

from dashboard.web.asgi_types import Application, Receive, Scope, Send

_PORTS = {"http": 80, "https": 443}
_SCHEMES = {"ws": "http", "wss": "https"}


class SameOrigin:
    """Passes on a websocket whose Origin is that of the Host header, which must be allowed.

    Neither is enough alone: a page of another port has an allowed host, and a page whose name was
    made to resolve to this machine has an equal one. Host is compared, and not the port that is
    listened on, since they differ where a port is forwarded.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one websocket."""
        trusted = settings.CSRF_TRUSTED_ORIGINS
        accepted = is_same_origin(scope, settings.ALLOWED_HOSTS, trusted)
        application = self._application if accepted else WebsocketDenier()
        await application(scope, receive, send)


def is_same_origin(
    scope: Scope, allowed_hosts: Sequence[str], trusted_origins: Sequence[str] = ()
) -> bool:
    """Return True if Origin and Host agree, both sent once, and the host is allowed.

    An origin that is trusted by the settings need not agree with the host.
    """
    origins = [value for name, value in scope["headers"] if name == b"origin"]
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(origins) != 1 or len(hosts) != 1:
        return False
    scheme = _SCHEMES[scope.get("scheme", "ws")]
    page = _parts(f"{scheme}://{hosts[0].decode('latin-1')}")
    origin = _parts(origins[0].decode("latin-1"))
    return (
        page is not None
        and origin is not None
        and origin in {page, *map(_parts, trusted_origins)}
        and validate_host(_in_brackets(page[1]), allowed_hosts)
    )


def _parts(origin: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port; None for what is no origin."""
    try:
        url = urlsplit(origin)
        port = url.port or _PORTS.get(url.scheme)
    except ValueError:
        return None
    if not url.hostname or port is None or url.path or url.query or url.fragment or "@" in origin:
        return None
    return url.scheme, url.hostname, port


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host
