"""Responses for static files: headers, caches, and names that lead nowhere."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client

from dashboard.state.home import ROOT
from dashboard.web.serving import bundle, static_files

SOURCE = "/static/css/base.css"
BUILT = "/static/bundle/main-1.js"
SCRIPT = b"let a = 1;" * 100
NOWHERE = [
    *("../dashboard/settings.py", "css/../../dashboard/settings.py", "css/../css/base.css"),
    *("..", ".", "", "/", "css", "css/", "/css/base.css", "//css/base.css", "/etc/passwd"),
    *("css/base.css\0", "\0", "css/base.css\n", "css/b\nase.css", "css\\base.css", "css/báse.css"),
    *("�", "css/.base.css", ".gitignore", "js/jsconfig.json", "js/types.d.ts", "css/nothing.css"),
    *("a" * 300, "a/" * 3_000, "x" * 5_000 + ".js", "css/base.css" + " " * 300),
    *(
        "bundle/manifest.json",
        "bundle/main-1.js.gz",
        "bundle/../manifest.json",
        "bundle/",
        "bundle",
    ),
    *(
        "bundle/main-2.js",
        "bundle/bundle/main-1.js",
        "C:/x.js",
        "~root/x.js",
        "css/base.css::$DATA",
    ),
]


@pytest.fixture(autouse=True)
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle of one script."""
    manifest = {"sources": "", "names": {"js/main.js": "main-1.js"}, "files": ["main-1.js"]}
    (tmp_path / bundle.MANIFEST).write_text(json.dumps(manifest))
    (tmp_path / "main-1.js").write_bytes(SCRIPT)
    (tmp_path / "main-1.js.gz").write_bytes(gzip.compress(SCRIPT))
    for module in (bundle, static_files):
        monkeypatch.setattr(module, "DIRECTORY", tmp_path)


def check(headers: Mapping[str, str]) -> None:
    """Assert what holds for every response: no other site, no other type, no other cache."""
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"].startswith("private, ")


@pytest.mark.parametrize("name", NOWHERE)
def test_a_name_that_leads_nowhere_is_404(client: Client, name: str) -> None:
    response = client.get(f"/static/{quote(name)}")
    assert response.status_code == 404
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert len(response.content) < 100
    check(response.headers)


@pytest.mark.parametrize("path", [SOURCE, BUILT, "/static/../x", "/static/nothing"])
def test_another_host_is_not_answered(client: Client, path: str) -> None:
    response = client.get(path, headers={"host": "evil.example"})
    assert response.status_code == 400
    check(response.headers)


def test_a_source_is_sent_as_it_is_and_asked_for_again(client: Client) -> None:
    response = client.get(SOURCE)
    assert response.content == (ROOT / "static" / "css" / "base.css").read_bytes()
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert "no-cache" in response["Cache-Control"]
    check(response.headers)
    again = client.get(SOURCE, headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    check(again.headers)


def test_a_built_file_is_kept_forever(client: Client) -> None:
    response = client.get(BUILT)
    assert response.content == SCRIPT
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["Vary"] == "Accept-Encoding"
    check(response.headers)


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, GZIP ; q=0.5", True),
        ("deflate, br", False),
        ("gzip;q=0", False),
        ("br, gzip; q=0.000", False),
        ("", False),
        ("identity", False),
    ],
)
def test_it_is_compressed_for_clients_that_take_that(
    client: Client, accepted: str, compressed: bool
) -> None:
    response = client.get(BUILT, headers={"accept-encoding": accepted})
    assert response.has_header("Content-Encoding") == compressed
    assert (gzip.decompress(response.content) if compressed else response.content) == SCRIPT


@pytest.mark.parametrize("path", [SOURCE, BUILT])
def test_head_has_the_headers_alone_and_nothing_else_is_allowed(client: Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == got.headers
    assert client.post(path).status_code in {403, 405}
    assert client.delete(path).status_code in {403, 405}
