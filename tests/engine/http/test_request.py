"""The bytes of a request."""

from __future__ import annotations

import pytest

from dashboard.engine.http.request import encode_request
from tests.firing import burst


def test_the_plain_request() -> None:
    assert encode_request(burst(8000, "/sleep/?delay=0.1", 1, 1)) == (
        b"GET /sleep/?delay=0.1 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n"
        b"User-Agent: liveburst\r\nAccept: */*\r\n\r\n"
    )


def test_the_firings_headers_replace_defaults() -> None:
    firing = burst(8000, "/", 1, 1, headers=(("accept", "text/html"), ("X-Own", "1")))
    assert encode_request(firing) == (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: liveburst\r\n"
        b"accept: text/html\r\nX-Own: 1\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [("POST", "é!", b"3"), ("POST", "", b"0"), ("DELETE", "x", b"1"), ("DELETE", "", None)],
)
def test_the_length_of_a_body_is_in_bytes(method: str, body: str, length: bytes | None) -> None:
    head, _, sent = encode_request(burst(1, "/", 1, 1, method=method, body=body)).partition(
        b"\r\n\r\n"
    )
    assert sent == body.encode()
    assert (b"Content-Length" in head) == (length is not None)
    assert length is None or head.endswith(b"Content-Length: " + length)
