"""Pages are compressed for those who accept it, and nothing else is."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import AsyncClient

from dashboard.models import Run
from dashboard.runs.queue.laboratory import Laboratory
from tests.web.bench.test_runs import finished

BROWSER = {"accept-encoding": "gzip, deflate, br, zstd"}
TOKEN = re.compile(rb'"x-csrftoken": "(\w+)"')


@pytest.fixture
async def run(laboratory: Laboratory) -> Run:
    """A run that has ended."""
    return await finished(laboratory)


async def get(browser: AsyncClient, address: str, headers: Mapping[str, str] = BROWSER) -> Any:
    response = await browser.get(address, headers=dict(headers))
    assert response.status_code == 200, address
    return response


async def test_pages_and_fragments_are_compressed_for_those_who_accept_it(
    browser: AsyncClient, run: Run
) -> None:
    for address in ("/", "/claims/", "/explore/", "/runs/", f"/runs/{run.pk}/", "/fire/"):
        response, plain = await get(browser, address), await get(browser, address, {})
        assert response["Content-Encoding"] == "gzip", address
        assert "Accept-Encoding" in response["Vary"]
        assert int(response["Content-Length"]) == len(response.content)
        assert len(response.content) < len(plain.content) / 2, address
        assert b"csrf" in gzip.decompress(response.content)
        assert "Content-Encoding" not in plain


async def test_who_refuses_gzip_gets_none(browser: AsyncClient) -> None:
    response = await get(browser, "/", {"accept-encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in response
    assert "Accept-Encoding" in response["Vary"]


async def test_frames_exports_and_files_pass_unchanged(browser: AsyncClient, run: Run) -> None:
    addresses = (
        *(f"/runs/{run.pk}/frames", f"/runs/{run.pk}/export/csv", f"/runs/{run.pk}/export/html"),
        *(f"/runs/{run.pk}/card.svg", "/static/css/base.css"),
    )
    for address in addresses:
        response = await get(browser, address)
        assert "Content-Encoding" not in response, address
        if isinstance(response, StreamingHttpResponse):
            response.close()


async def test_no_two_pages_have_the_same_token_or_are_known_to_be_as_long(
    browser: AsyncClient,
) -> None:
    """The length of a page cannot tell its token, whatever a request makes it contain (BREACH)."""
    responses = [await get(browser, "/runs/?q=csrf") for _ in range(12)]
    tokens = [TOKEN.findall(gzip.decompress(response.content)) for response in responses]
    assert len({token for found in tokens for token in found}) >= len(responses)
    assert len({len(response.content) for response in responses}) > 1
