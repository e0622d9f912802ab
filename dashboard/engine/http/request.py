"""The bytes of a request, encoded once for all requests of a firing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote

from dashboard.wire.plan import multipart
from dashboard.wire.plan.mix import MixedView, assignment, places
from dashboard.wire.plan.plan import Firing
from dashboard.wire.plan.request_mode import Upload
from dashboard.wire.units import BYTES_PER_KB

SAFE_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"  # in a path; all others are percent-encoded
METHODS_WITH_BODY = ("POST", "PUT", "PATCH")  # an empty body has a Content-Length here, too


@dataclass(frozen=True)
class RequestTemplate:
    """What is written for each request of a firing, and what its response has to look like."""

    first_write: bytes  # on connecting: the head, and mostly the body
    deferred_body: bytes  # waits for `100 Continue`; empty without that
    bodiless_response: bool  # HEAD: the response ends with its head, whatever its Content-Length
    keep_alive: bool  # whether a connection may carry another request
    upload_size: int = 0  # bytes of a file generated while it is sent, after `first_write`
    last_write: bytes = b""  # after that file
    send_bytes_per_s: float | None = None  # None: as fast as the connection takes it
    row_writes: tuple[bytes, ...] = ()  # where requests differ: one for each row
    places: Sequence[int] = ()  # in a mix: by the number of a request its place in `row_writes`

    @classmethod
    def of(cls, firing: Firing) -> Self:
        """Return the template of a firing's requests."""
        if firing.request_mode.upload is not None:
            return cls._of_upload(firing, firing.request_mode.upload)
        if firing.request_mode.rows:
            return cls._of_rows(firing)
        if firing.request_mode.mix:
            return cls._of_mix(firing, firing.request_mode.mix)
        request, body = encode_request(firing), firing.body.encode()
        deferred_body = body if firing.await_continue else b""
        return cls(
            first_write=request.removesuffix(deferred_body),
            deferred_body=deferred_body,
            bodiless_response=firing.method == "HEAD",
            keep_alive=firing.keep_alive,
        )

    def target_of(self, request: int) -> str:
        """Return the target of request number `request`: path and query, as written."""
        return self._write_of(request).split(b" ", 2)[1].decode()

    def _write_of(self, request: int) -> bytes:
        if self.places:
            return self.row_writes[self.places[request]]
        if self.row_writes:
            return self.row_writes[request % len(self.row_writes)]
        return self.first_write

    @classmethod
    def _of_rows(cls, firing: Firing) -> Self:
        row_writes = tuple(
            encode_request(replace(firing, path=path, body=body))
            for path, body in firing.request_mode.rows
        )
        return cls(
            first_write=row_writes[0],
            deferred_body=b"",
            bodiless_response=firing.method == "HEAD",
            keep_alive=firing.keep_alive,
            row_writes=row_writes,
        )

    @classmethod
    def _of_mix(cls, firing: Firing, views: Sequence[MixedView]) -> Self:
        """Return the template of a mix, whose views have methods and headers of their own."""
        row_writes = tuple(
            encode_request(
                replace(firing, method=view.method, headers=view.headers, path=path, body=body)
            )
            for view in views
            for path, body in view.requests
        )
        weights = tuple(view.weight for view in views)
        order = assignment(weights, firing.load.requests, firing.seed)
        return cls(
            first_write=row_writes[0],
            deferred_body=b"",
            bodiless_response=False,  # a mix has no HEAD
            keep_alive=firing.keep_alive,
            row_writes=row_writes,
            places=places(order, [len(view.requests) for view in views]),
        )

    @classmethod
    def _of_upload(cls, firing: Firing, upload: Upload) -> Self:
        send_kb_per_s = firing.load.send_kb_per_s
        return cls(
            first_write=encode_request(firing) + multipart.opening_of(upload),
            deferred_body=b"",
            bodiless_response=False,
            keep_alive=firing.keep_alive,
            upload_size=upload.size,
            last_write=multipart.closing_of(),
            send_bytes_per_s=send_kb_per_s and send_kb_per_s * BYTES_PER_KB,
        )


def encode_request(firing: Firing) -> bytes:
    """Return an HTTP/1.1 request: request line, headers, empty line, body."""
    request_line = f"{firing.method} {encode_target(firing)} HTTP/1.1"
    headers = (f"{name}: {text}" for name, text in build_headers(firing))
    return "\r\n".join([request_line, *headers, "", ""]).encode() + firing.body.encode()


def encode_target(firing: Firing) -> str:
    """Return path and query, percent-encoded."""
    return quote(firing.path, safe=SAFE_CHARACTERS)


def build_headers(firing: Firing) -> list[tuple[str, str]]:
    """Return the default headers and the firing's own, which replace defaults of the same name."""
    host = f"[{firing.host}]" if ":" in firing.host else firing.host
    defaults = {"Host": f"{host}:{firing.port}", "User-Agent": "liveburst", "Accept": "*/*"}
    body = firing.body.encode()
    if firing.request_mode.upload is not None:
        defaults["Content-Type"] = multipart.CONTENT_TYPE
        defaults["Content-Length"] = str(multipart.length_of(firing.request_mode.upload))
    elif body or firing.method in METHODS_WITH_BODY:
        defaults["Content-Length"] = str(len(body))
    if body and firing.await_continue:
        defaults["Expect"] = "100-continue"
    if not firing.keep_alive:
        defaults["Connection"] = "close"
    own = {name.lower() for name, _ in firing.headers}
    remaining = [(name, text) for name, text in defaults.items() if name.lower() not in own]
    return [*remaining, *firing.headers]
