"""Every variant of every scenario, called once under WSGI and once under ASGI."""

from __future__ import annotations

from itertools import product

import pytest
from websockets.sync.client import connect

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.scenario import Scenario, Variant
from tests.targets.helpers import LIVEAPP, until

from .conftest import Liveapp
from .http import Client

pytestmark = pytest.mark.servers

WSGI, ASGI = "gunicorn-gthread", "uvicorn"
PROJECT = load_manifest(LIVEAPP)
EVERY = [
    pytest.param(scenario, variant, server, id=f"{scenario.name}-{variant.name}@{server}")
    for server, scenario in product([WSGI, ASGI], PROJECT.scenarios.values())
    for variant in scenario.variants.values()
]
REFUSED_BY_DJANGO = ("sync-in-async", "atomic-in-async")
LEAST = {"timeout": 15.0, "error_rate": 0.0}  # of these, less would be another answer


@pytest.mark.parametrize(("scenario", "variant", "server"), EVERY)
def test_it_responds_or_gives_the_reason(
    served: Liveapp, scenario: Scenario, variant: Variant, server: str
) -> None:
    if why := PROJECT.refusal(variant, PROJECT.server(server)):
        assert (variant.needs == "asgi") == ("expected an ASGI server" in why)
        assert variant.needs or variant.requires
        return
    base = served.url(server, "cpu")
    least = {
        name: LEAST.get(name, parameter.min) for name, parameter in scenario.parameters.items()
    }
    path = variant.url_path(least)
    if variant.websocket:
        with connect(base.replace("http", "ws") + path, proxy=None) as websocket:
            websocket.send("hello")
            assert websocket.recv(10) == "hello"
    else:
        assert status_of(base, path, variant) == (501 if variant.name in REFUSED_BY_DJANGO else 200)


def status_of(base: str, path: str, variant: Variant) -> int:
    """The status of its answer; of the result, where that is fetched later."""
    files = {variant.upload.field: b"content"} if variant.upload else None
    with Client(base_url=base, timeout=30) as client:
        answer = client.request(variant.method, path, content=variant.body or None, files=files)
        if variant.poll_every_ms:
            assert answer.status_code == 202
            where = answer.headers["Location"]
            assert until(lambda: client.get(where).status_code == 200, 20)
            return 200
        return answer.status_code
