"""Which pages may open the websocket."""

from __future__ import annotations

import pytest

from dashboard.web.access.origin import is_same_origin

ALLOWED = ["127.0.0.1", "localhost", "[::1]"]


def accepted(*origins: str, host: str = "127.0.0.1:8000", scheme: str = "ws") -> bool:
    headers = [(b"host", host.encode()), *((b"origin", origin.encode()) for origin in origins)]
    return is_same_origin({"headers": headers, "scheme": scheme}, ALLOWED)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://LOCALHOST:9000", "localhost:9000"),  # a forwarded port
        ("http://[::1]:8000", "[::1]:8000"),
        ("http://localhost", "localhost:80"),
    ],
)
def test_the_pages_own_origin_is_accepted(origin: str, host: str) -> None:
    assert accepted(origin, host=host)


@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:5000",
        "http://127.0.0.1",
        "https://127.0.0.1:8000",
        "http://localhost:8000",
        "http://evil.example:8000",
        "http://127.0.0.1:8000@evil.example",
        "http://evil.example@127.0.0.1:8000",
        "http://127.0.0.1:8000/",
        "http://127.0.0.1:8000.evil.example",
        "http://127.0.0.1:99999",
        "http://[::1",
        "null",
        "file://",
        "",
    ],
)
def test_any_other_is_refused(origin: str) -> None:
    assert not accepted(origin)


def test_a_name_that_was_made_to_resolve_to_this_machine_is_refused() -> None:
    assert not accepted("http://evil.example:8000", host="evil.example:8000")


def test_one_origin_is_needed_and_no_more() -> None:
    assert not accepted()
    assert not accepted("http://127.0.0.1:8000", "http://127.0.0.1:8000")
    assert accepted("https://localhost", host="localhost", scheme="wss")
