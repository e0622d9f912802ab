"""A proxy's headers count if the proxy is trusted, and are removed in any case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboard.web.access.exposure import Exposure
from dashboard.web.access.forwarded import (
    FOR_LINE,
    HOST_LINE,
    PROTO_LINE,
    Obstacle,
    inner_path,
    straighten,
)

BEHIND = Exposure.of(
    {"LIVEBURST_TRUSTED_PROXY": "10.0.0.0/24", "LIVEBURST_ALLOWED_HOSTS": "lab.example.com"}
)
DIRECT = Exposure(hosts=("lab.example.com",), certificate=Path("c"), key=Path("k"))
BELOW = Exposure.of(
    {
        "LIVEBURST_TRUSTED_PROXY": "10.0.0.1",
        "LIVEBURST_ALLOWED_HOSTS": "lab.example.com",
        "LIVEBURST_PATH_PREFIX": "/tools/liveburst",
    }
)
COMPLETE = {
    "host": "lab.example.com:8443",
    "x-forwarded-proto": "https",
    "x-forwarded-for": "192.0.2.7",
}


def scope_of(
    headers: dict[str, str], path: str = "/", peer: str = "10.0.0.1", kind: str = "http"
) -> dict[str, Any]:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": kind,
        "path": path,
        "root_path": "/forged",
        "client": [peer, 1234],
        "scheme": "http",
        "headers": pairs,
    }


def test_a_trusted_proxy_is_believed_and_its_headers_are_removed() -> None:
    scope = scope_of({**COMPLETE, "x-real-ip": "6.6.6.6", "via": "1.1 proxy", "accept": "*/*"})
    assert straighten(scope, BEHIND)
    assert scope["scheme"] == "https"
    assert scope["client"] == ["192.0.2.7", 0]
    assert scope["headers"] == [(b"host", b"lab.example.com:8443"), (b"accept", b"*/*")]
    assert (scope["path"], scope["root_path"]) == ("/", "")


def test_the_scheme_of_a_websocket_is_that_of_the_page() -> None:
    scope = scope_of(COMPLETE, kind="websocket")
    straighten(scope, BEHIND)
    assert scope["scheme"] == "wss"


def test_the_name_that_a_proxy_replaced_is_taken_from_its_header() -> None:
    headers = {**COMPLETE, "host": "127.0.0.1:8000", "x-forwarded-host": "a, lab.example.com"}
    scope = scope_of(headers)
    straighten(scope, BEHIND)
    assert scope["headers"] == [(b"host", b"lab.example.com")]


@pytest.mark.parametrize(
    ("sent", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("6.6.6.6, 192.0.2.7", "192.0.2.7"),  # a client has sent the first part
        ("192.0.2.7, 10.0.0.9", "192.0.2.7"),  # through two trusted proxies
        ("6.6.6.6, 192.0.2.7, 10.0.0.9", "192.0.2.7"),
        ("nonsense, 192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:5432", "192.0.2.7"),
        ("[2001:db8::7]:5432", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("10.0.0.8", "10.0.0.8"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxys(sent: str, client: str) -> None:
    scope = scope_of({**COMPLETE, "x-forwarded-for": sent})
    straighten(scope, BEHIND)
    assert scope["client"][0] == client


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"x-forwarded-proto": ""}, PROTO_LINE),
        ({"x-forwarded-proto": "gopher"}, PROTO_LINE),
        ({"x-forwarded-for": ""}, FOR_LINE),
        ({"x-forwarded-for": "unknown"}, FOR_LINE),
        ({"host": "127.0.0.1:8000"}, HOST_LINE),
        ({"host": "upstream"}, HOST_LINE),
        ({"host": ""}, HOST_LINE),
        ({"x-forwarded-host": "evil.example"}, HOST_LINE),
    ],
)
def test_of_an_incomplete_proxy_the_missing_line_is_named(
    changed: dict[str, str], line: str
) -> None:
    with pytest.raises(Obstacle) as refused:
        straighten(scope_of({**COMPLETE, **changed}), BEHIND)
    assert refused.value.lines == (line,)


def test_all_missing_lines_are_named_at_once() -> None:
    with pytest.raises(Obstacle) as refused:
        straighten(scope_of({"host": "127.0.0.1:8000"}), BEHIND)
    assert refused.value.lines == (PROTO_LINE, FOR_LINE, HOST_LINE)


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "via", "x-real-ip"])
@pytest.mark.parametrize("exposure", [BEHIND, DIRECT])
def test_a_proxy_that_is_not_trusted_is_refused(name: str, exposure: Exposure) -> None:
    with pytest.raises(Obstacle) as refused:
        straighten(scope_of({**COMPLETE, name: "192.0.2.7"}, peer="192.0.2.1"), exposure)
    assert refused.value.lines == ("LIVEBURST_TRUSTED_PROXY=192.0.2.1",)


def test_past_the_proxy_no_way_leads_in() -> None:
    with pytest.raises(Obstacle):
        straighten(scope_of({"host": "lab.example.com"}, peer="192.0.2.1"), BEHIND)


def test_by_tls_of_its_own_a_client_is_who_is_connected() -> None:
    scope = scope_of({"host": "lab.example.com", "x-forwarded-proto": "http"}, peer="192.0.2.1")
    assert not straighten(scope, DIRECT)
    assert (scope["scheme"], scope["client"]) == ("https", ["192.0.2.1", 1234])
    assert scope["headers"] == [(b"host", b"lab.example.com")]


@pytest.mark.parametrize("host", ["evil.example", "", "lab.example.com, evil.example", "\xff"])
def test_another_name_is_refused(host: str) -> None:
    with pytest.raises(Obstacle):
        straighten(scope_of({"host": host}, peer="192.0.2.1"), DIRECT)


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ("/tools/liveburst/runs/", "/tools/liveburst/runs/"),
        ("/tools/liveburst", "/tools/liveburst/"),
        ("/runs/", "/tools/liveburst/runs/"),  # the proxy has removed the prefix
        ("/", "/tools/liveburst/"),
        ("/tools/liveburster/", "/tools/liveburst/tools/liveburster/"),
    ],
)
def test_the_path_has_the_prefix_whether_the_proxy_removes_it_or_not(sent: str, path: str) -> None:
    scope = scope_of(COMPLETE, sent)
    straighten(scope, BELOW)
    assert (scope["path"], scope["root_path"]) == (path, "/tools/liveburst")
    assert inner_path(scope) == path.removeprefix("/tools/liveburst")
