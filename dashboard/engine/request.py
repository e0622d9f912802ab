"""The bytes of a request, the same for every request of a firing."""

from __future__ import annotations

from urllib.parse import quote

from dashboard.wire.plan import Firing

AS_IT_IS = "!#$%&'()*+,/:;=?@[]~"  # in a path; whatever else is not plain is percent-encoded
WITH_BODY = ("POST", "PUT", "PATCH")  # here also an empty body has its length told


def encode_request(firing: Firing) -> bytes:
    """HTTP/1.1 with keep-alive; the firing's own headers take the place of ours."""
    host = f"[{firing.host}]" if ":" in firing.host else firing.host
    ours = {"Host": f"{host}:{firing.port}", "User-Agent": "liveburst", "Accept": "*/*"}
    body = firing.body.encode()
    if body or firing.method in WITH_BODY:
        ours["Content-Length"] = str(len(body))
    own = {name.lower() for name, _ in firing.headers}
    headers = [*((name, text) for name, text in ours.items() if name.lower() not in own)]
    headers += firing.headers
    first = f"{firing.method} {quote(firing.path, safe=AS_IT_IS)} HTTP/1.1"
    lines = [first, *(f"{name}: {text}" for name, text in headers), "", ""]
    return "\r\n".join(lines).encode() + body
