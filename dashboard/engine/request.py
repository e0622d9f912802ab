"""The bytes of a request, the same for every request of a firing."""

from __future__ import annotations

from dashboard.wire.plan import Firing


def encode_request(firing: Firing) -> bytes:
    """HTTP/1.1 with keep-alive, the firing's own headers, and its body's length if it has one."""
    host = f"[{firing.host}]" if ":" in firing.host else firing.host
    lines = [
        f"{firing.method} {firing.path} HTTP/1.1",
        f"Host: {host}:{firing.port}",
        "User-Agent: liveburst",
        "Accept: */*",
        *(f"{name}: {value}" for name, value in firing.headers),
    ]
    body = firing.body.encode()
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
