"""The bytes of a request, the same for every request of a firing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote

from dashboard.wire import multipart
from dashboard.wire.plan import Firing
from dashboard.wire.request_mode import Upload
from dashboard.wire.units import BYTES_PER_KB

AS_IT_IS = "!#$%&'()*+,/:;=?@[]~"  # in a path; whatever else is not plain is percent-encoded
WITH_BODY = ("POST", "PUT", "PATCH")  # here also an empty body has its length told


@dataclass(frozen=True)
class Request:
    """What is written for each request, and what its method says of the answer."""

    opening: bytes  # written as soon as the connection stands: the head, and mostly all
    withheld: bytes  # a body that waits for `100 Continue`; empty without that
    bodiless_answer: bool  # HEAD: the answer ends with its head, whatever length that tells
    keep_alive: bool  # whether a connection may carry another one
    upload_size: int = 0  # of a file that is made while it is sent, behind the opening
    closing: bytes = b""  # what stands behind that file
    send_bytes_per_s: float | None = None  # None: as quickly as the connection takes it
    openings: tuple[bytes, ...] = ()  # where requests differ: of the first, the second …

    @classmethod
    def of(cls, firing: Firing) -> Self:
        """The request that this firing repeats."""
        if firing.manner.upload is not None:
            return cls._of_upload(firing, firing.manner.upload)
        if firing.manner.rows:
            return cls._of_rows(firing)
        whole, body = encode_request(firing), firing.body.encode()
        withheld = body if firing.await_continue else b""
        return cls(
            opening=whole.removesuffix(withheld),
            withheld=withheld,
            bodiless_answer=firing.method == "HEAD",
            keep_alive=firing.keep_alive,
        )

    def path_of(self, number: int) -> str:
        """Return what request `number` asks for: its path and query, as they are written."""
        opening = self.openings[number % len(self.openings)] if self.openings else self.opening
        return opening.split(b" ", 2)[1].decode()

    @classmethod
    def _of_rows(cls, firing: Firing) -> Self:
        each = (replace(firing, path=path, body=body) for path, body in firing.manner.rows)
        openings = tuple(encode_request(one) for one in each)
        return cls(
            opening=openings[0],
            withheld=b"",
            bodiless_answer=firing.method == "HEAD",
            keep_alive=firing.keep_alive,
            openings=openings,
        )

    @classmethod
    def _of_upload(cls, firing: Firing, upload: Upload) -> Self:
        slow_kb_per_s = firing.load.send_kb_per_s
        return cls(
            opening=encode_request(firing) + multipart.opening_of(upload),
            withheld=b"",
            bodiless_answer=False,
            keep_alive=firing.keep_alive,
            upload_size=upload.size,
            closing=multipart.closing_of(),
            send_bytes_per_s=slow_kb_per_s and slow_kb_per_s * BYTES_PER_KB,
        )


def encode_request(firing: Firing) -> bytes:
    """HTTP/1.1: request line, headers, empty line, body."""
    first = f"{firing.method} {encode_target(firing)} HTTP/1.1"
    lines = [first, *(f"{name}: {text}" for name, text in all_headers(firing)), "", ""]
    return "\r\n".join(lines).encode() + firing.body.encode()


def encode_target(firing: Firing) -> str:
    """The path and query of the request line."""
    return quote(firing.path, safe=AS_IT_IS)


def all_headers(firing: Firing) -> list[tuple[str, str]]:
    """The headers in their order; the firing's own take the place of ours."""
    host = f"[{firing.host}]" if ":" in firing.host else firing.host
    ours = {"Host": f"{host}:{firing.port}", "User-Agent": "liveburst", "Accept": "*/*"}
    body = firing.body.encode()
    if firing.manner.upload is not None:
        ours["Content-Type"] = multipart.CONTENT_TYPE
        ours["Content-Length"] = str(multipart.length_of(firing.manner.upload))
    elif body or firing.method in WITH_BODY:
        ours["Content-Length"] = str(len(body))
    if body and firing.await_continue:
        ours["Expect"] = "100-continue"
    if not firing.keep_alive:
        ours["Connection"] = "close"
    own = {name.lower() for name, _ in firing.headers}
    kept = [(name, text) for name, text in ours.items() if name.lower() not in own]
    return [*kept, *firing.headers]
