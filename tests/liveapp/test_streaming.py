"""Scenario `streaming`: what leaves piece by piece, and what Django holds back to its end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.targets.helpers import ROOT

from .conftest import Liveapp
from .http import Client

pytestmark = pytest.mark.servers

TOKENS, INTERVAL_MS = 8, 60
WHOLE_S = TOKENS * INTERVAL_MS / 1000
WORDS = "".join(f"token {token}\n" for token in range(TOKENS))


@pytest.fixture(scope="module", params=["gunicorn-gthread", "uvicorn"])
def server(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def client(server: str, served: Liveapp) -> Iterator[httpx.Client]:
    with Client(base_url=served.url(server)) as client:
        yield client


@pytest.mark.parametrize("variant", ["sync", "async"])
def test_it_streams_where_iterator_and_server_are_of_one_kind(
    variant: str, server: str, client: httpx.Client
) -> None:
    path = f"/streaming/{variant}/?tokens={TOKENS}&interval={INTERVAL_MS}"
    began = time.monotonic()
    with client.stream("GET", path) as answer:
        pieces = [(time.monotonic() - began, piece) for piece in answer.iter_text()]
    assert (answer.status_code, "".join(piece for _, piece in pieces)) == (200, WORDS)
    assert pieces[-1][0] >= WHOLE_S
    # A loaded machine may let several pieces arrive together: the first one decides.
    streams = (variant, server) in [("sync", "gunicorn-gthread"), ("async", "uvicorn")]
    assert (pieces[0][0] < WHOLE_S) == streams


@pytest.mark.parametrize("variant", ["sync", "async"])
def test_bad_input_is_refused_by_name(variant: str, client: httpx.Client) -> None:
    answer = client.get(f"/streaming/{variant}/?tokens=0")
    assert (answer.status_code, answer.json()["field"]) == (400, "tokens")


def test_the_warning_that_is_measured_here_is_no_error_anywhere() -> None:
    consumed_whole = """
import asyncio
from django.conf import settings
settings.configure()
from django.test import RequestFactory
from liveapp.views import streaming

request = RequestFactory().get("/", {"tokens": 2, "interval": 0})

async def read():
    return [part async for part in streaming.sync(request)]

assert asyncio.run(read()) == list(asyncio.run(streaming.async_(request)))
"""
    command = [sys.executable, "-W", "error", "-c", consumed_whole]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
