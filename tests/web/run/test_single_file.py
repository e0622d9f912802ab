"""A run as one HTML file: it is complete, and written text cannot break out of it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.test import AsyncClient

from dashboard.models import Run, StoredFrame
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.state.home import ROOT
from dashboard.web.charts.views import PICTURES
from dashboard.web.run import page_files
from dashboard.web.run.single_file import html_pieces
from dashboard.wire import frame
from dashboard.wire.units import NS_PER_MS as MS
from tests.web.bench.test_runs import finished

STAMPS = ("sent_first", "sent", "entered", "view_entered", "view_left", "first_byte", "done")
EVIL = """</title></style></script></textarea>--><script>alert(1)</script><img src=x onerror="y">"""
MAY_POINT_TO = {"#main", "data:,"}


class Document(HTMLParser):
    """The elements of a document, and the contents of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Mapping[str, str | None]]] = []
        self.raw: list[tuple[Mapping[str, str | None], str]] = []
        self.text = ""
        self._open: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag
        if tag in ("script", "style"):
            self.raw.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style"):
            self.raw[-1] = (self.raw[-1][0], self.raw[-1][1] + data)
        else:
            self.text += data

    def script(self, **wanted: str) -> str:
        """Return the content of the script with these attributes."""
        (text,) = [text for attrs, text in self.raw if wanted.items() <= attrs.items()]
        return text


async def exported(browser: AsyncClient, run: Run) -> str:
    response = await browser.get(f"/runs/{run.pk}/export/html")
    assert response["Content-Disposition"] == f'attachment; filename="liveburst-{run.pk}.html"'
    assert response["Content-Type"] == "text/html"
    assert isinstance(response, StreamingHttpResponse)
    return b"".join([piece async for piece in response]).decode()


async def test_the_frames_in_the_file_are_those_that_are_stored(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    text = Document(await exported(browser, run)).script(id="frames")
    kind, _, coded = text.partition(",")
    assert kind == "data:application/gzip;base64"
    envelopes = list(frame.EnvelopeReader().feed(gzip.decompress(base64.b64decode(coded))))
    stored = [
        (stored_frame.sequence, bytes(stored_frame.data)) async for stored_frame in run.frames.all()
    ]
    assert envelopes == stored


async def test_the_result_is_readable_without_javascript(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    await browser.post(f"/runs/{run.pk}/describe/", {"name": "Before", "notes": "slow\n\nsick"})
    document = Document(await exported(browser, run))
    for words in ("First look (", "100 ms", "Before", "sick", "sync@gunicorn-gthread"):
        assert words in document.text
    assert "def sync(" in re.sub(r"\s+", " ", document.text)
    assert "serve daphne" in document.text  # how it was serving_details
    assert "load.requests" in document.text
    assert "manage.py burst sleep" in document.text
    assert ("noscript", {}) in document.elements
    pictures = [attrs for tag, attrs in document.elements if attrs.get("class") == "distribution"]
    assert len(pictures) == len(PICTURES)


async def test_nothing_leads_out_of_the_file(browser: AsyncClient, laboratory: Laboratory) -> None:
    document = Document(await exported(browser, await finished(laboratory)))
    for tag, attrs in document.elements:
        assert not [name for name in attrs if name.startswith(("hx-", "on"))], (tag, attrs)
        for name in ("href", "src", "action", "formaction", "data"):
            assert attrs.get(name) in {None, *MAY_POINT_TO}, (tag, attrs)
    assert "form" not in {
        tag for tag, attrs in document.elements if attrs.get("method") != "dialog"
    }
    data = json.loads(document.script(id="run-data"))
    assert not [key for key in data if key.endswith("_url")]


async def test_the_policy_allows_only_the_files_own_scripts(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    nonces = set()
    for text in (await exported(browser, run), await exported(browser, run)):
        document = Document(text)
        (policy,) = [
            attrs["content"] or ""
            for tag, attrs in document.elements
            if attrs.get("http-equiv") == "Content-Security-Policy"
        ]
        (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        for attrs, _ in document.raw:
            data = str(attrs.get("type")) in ("text/plain", "application/json")
            assert data or attrs["nonce"] == nonce, attrs
        assert not [attrs for _, attrs in document.elements if "style" in attrs]
        nonces.add(nonce)
    assert len(nonces) == 2


async def test_name_and_notes_are_escaped(browser: AsyncClient, laboratory: Laboratory) -> None:
    run = await finished(laboratory)
    plain = Document(await exported(browser, run))
    run.name, run.title, run.notes, run.problem = EVIL[:100], EVIL, EVIL, EVIL
    run.warnings, run.log_tail = [EVIL], EVIL
    environment: Any = {EVIL: EVIL}
    run.environment = environment
    await run.asave()
    await run.lanes.aupdate(concurrency=EVIL, facts={"command": [EVIL], "packages": {}})
    text = await exported(browser, run)
    evil = Document(text)
    assert len(evil.raw) == len(plain.raw)
    assert "img" not in {tag for tag, _ in evil.elements}
    assert EVIL in evil.text  # it is there, and it is read
    assert "<script>alert" not in text
    evil.script(id="frames")


async def test_script_and_styles_are_the_bundles(
    browser: AsyncClient, laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = {"js/in-file.js": "let built = '<b>';", "css/page.css": ".built > b{}"}
    monkeypatch.setattr(page_files, "built_text", built.get)
    document = Document(await exported(browser, await finished(laboratory)))
    assert document.script(type="module") == built["js/in-file.js"]
    assert built["css/page.css"] in [text for _, text in document.raw]
    assert not [attrs for attrs, _ in document.raw if attrs.get("type") == "importmap"]


async def test_without_a_bundle_modules_import_each_other_by_name(
    browser: AsyncClient, laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_files, "built_text", lambda source: None)
    document = Document(await exported(browser, await finished(laboratory)))
    imports = json.loads(document.script(type="importmap"))["imports"]
    entry = document.script(type="module")
    sources = {
        name: base64.b64decode(address.removeprefix("data:text/javascript;base64,")).decode()
        for name, address in imports.items()
    }
    for source in (entry, *sources.values()):
        wanted = re.findall(r"\b(?:from|import) '([^']+)'", source)
        assert set(wanted) <= imports.keys()
        assert "import(" not in source
        assert "'./" not in source
    assert "new WebSocket" not in "".join(sources.values())
    assert {name.removeprefix("liveburst/") for name in imports} == set(page_files.modules())


def test_without_a_bundle_the_styles_are_all_that_the_pages_sheet_imports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page_files, "built_text", lambda source: None)
    sheets = (ROOT / "static" / "css" / "page.css").read_text()
    styles = page_files.styles()
    names = re.findall(r'@import "([\w-]+)\.css"', sheets)
    assert len(names) > 10
    for name in names:
        assert (ROOT / "static" / "css" / f"{name}.css").read_text() in styles
    assert "@import" not in styles


def believable(requests: int, lane: int) -> bytes:
    """Return samples whose timestamps have as many digits as real ones."""
    made = np.random.default_rng(lane)
    at = np.sort(made.integers(0, 1_000 * MS, requests))
    columns = {name: np.zeros(requests, code) for name, code in frame.COLUMNS["samples"].items()}
    columns["request"] += np.arange(requests, dtype="u4")
    for name in ("due", *STAMPS):
        columns[name] += at
        at = at + made.integers(1, 20 * MS, requests)
    return frame.encode("samples", lane=lane, round=1, origin_ns=10**15, columns=columns)  # type: ignore[arg-type]


async def test_ten_thousand_requests_at_each_of_three_lanes_take_less_than_two_megabytes(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    await run.frames.all().adelete()
    await StoredFrame.objects.abulk_create(
        StoredFrame(run=run, sequence=lane, data=believable(10_000, lane)) for lane in range(3)
    )
    pieces = await sync_to_async(lambda: list(html_pieces(run, laboratory.project)))()
    assert 1_000_000 < sum(map(len, pieces)) < 2_000_000
