"""Scenario `middleware`: each path passes through its own chain, and no other path through any."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from .conftest import Liveapp
from .http import Client

pytestmark = pytest.mark.servers

SERVERS = ["gunicorn-gthread", "runserver", "uvicorn"]
FAMILIES = ["sync", "async"]


@pytest.fixture(scope="module", params=SERVERS)
def client(request: pytest.FixtureRequest, served: Liveapp) -> Iterator[httpx.Client]:
    with Client(base_url=served.url(request.param)) as client:
        yield client


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("chain", "headers"),
    [
        ("none", set()),
        ("default", {"x-frame-options", "x-content-type-options"}),
        ("plus-one", {"x-frame-options", "x-content-type-options", "x-passed"}),
        ("plus-one-first", {"x-frame-options", "x-content-type-options", "x-passed"}),
    ],
)
def test_what_each_chain_adds(
    family: str, chain: str, headers: set[str], client: httpx.Client
) -> None:
    answer = client.get(f"/middleware/{family}-{chain}/")
    assert (answer.status_code, answer.text) == (200, "answered")
    assert {name for name in answer.headers if name.startswith("x-")} == headers


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("chain", "status"), [("none", 200), ("default", 403), ("plus-one", 403)])
def test_what_looks_at_the_view_is_of_the_chain_too(
    family: str, chain: str, status: int, client: httpx.Client
) -> None:
    assert client.post(f"/middleware/{family}-{chain}/").status_code == status  # without a token


@pytest.mark.parametrize("path", ["/ping/", "/sleep/async/?delay=0", "/nowhere/"])
def test_whatever_else_is_asked_for_passes_through_none(path: str, client: httpx.Client) -> None:
    assert not {name for name in client.get(path).headers if name.startswith("x-")}
