"""What liveapp's views refuse by name, in this process, under both of Django's handlers.

Celery's views are left to `test_cpu.py`: they would be configured by this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from django.test import AsyncClient, Client

Answer = Callable[..., Any]
CPU = ["sync", "async-naive", "async-threads", "process-pool"]
FILE_IO = ["sync", "async-naive", "async-threads", "aiofiles"]
UPLOAD = ["sync", "async", "async-naive"]
ONE = ["requests", "requests-shared", "httpx", "httpx-shared"]
EXTERNAL = [
    *(f"external-api/sync-{client}" for client in ONE),
    *("external-api/async-httpx", "external-api/async-httpx-shared"),
]
FAN_OUT = ["fan-out/sequential", "fan-out/threads", "fan-out/gather", "fan-out/async-sequential"]
ORM = ["sync", "async", "sync-sequential", "async-gather"]


@pytest.fixture(autouse=True)
def liveapp(settings: Any) -> None:
    settings.ROOT_URLCONF = "liveapp.urls"
    settings.MIDDLEWARE = []


@pytest.fixture(params=["wsgi", "asgi"])
def request_by(request: pytest.FixtureRequest) -> Answer:
    """Makes a request: its method, its path, and what else the client takes."""

    def by_asgi(method: str, path: str, *arguments: Any, **options: Any) -> Any:
        client = AsyncClient()
        return asyncio.run(getattr(client, method)(path, *arguments, **options))

    def by_wsgi(method: str, path: str, *arguments: Any, **options: Any) -> Any:
        return getattr(Client(), method)(path, *arguments, **options)

    return by_wsgi if request.param == "wsgi" else by_asgi


BAD: dict[str, list[str]] = {
    "limit": ["abc", "0", "-1", "1e3", "2000001"],
    "megabytes": ["0", "-1", "101", "much", "nan"],
    "id": ["abc", "0", "-1", "1.5", "", "9" * 30],
    "latency": ["-1", "10.5"],
    "error_rate": ["2"],
    "timeout": ["0", "soon"],
    "tokens": ["0", "501", "many"],
    "interval": ["-1", "101", "nan"],
}
FIELDS: dict[str, list[str]] = {
    **{f"cpu/{variant}": ["limit"] for variant in CPU},
    **{f"file-io/{variant}": ["megabytes"] for variant in FILE_IO},
    **{f"orm-get/{variant}": ["id"] for variant in ORM},
    **{path: ["latency", "error_rate", "timeout"] for path in EXTERNAL + FAN_OUT},
    **{f"streaming/{variant}": ["tokens", "interval"] for variant in ("sync", "async")},
}
REFUSED = [
    (path, field, value)
    for path, fields in FIELDS.items()
    for field in fields
    for value in BAD[field]
]


@pytest.mark.parametrize(("path", "field", "value"), REFUSED)
def test_bad_input_is_refused_by_name(
    path: str, field: str, value: str, request_by: Answer
) -> None:
    answer = request_by("get", f"/{path}/", {field: value})
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert repr(value) in answer.json()["message"]


@pytest.mark.parametrize(
    ("path", "most", "calls"),
    [
        *product(FAN_OUT, [100], ["0", "101", "some", ""]),
        *product(
            ["mixed/gather-bridged", "mixed/gather-bridged-threads"],
            [20],
            ["0", "21", "few", "1.5"],
        ),
    ],
)
def test_too_many_calls_are_refused(path: str, most: int, calls: str, request_by: Answer) -> None:
    answer = request_by("get", f"/{path}/", {"delay": "0", "calls": calls})
    expected = f"expected a whole number from 1 to {most}, found {calls!r}"
    assert (answer.status_code, answer.json()) == (400, {"field": "calls", "message": expected})


@pytest.mark.parametrize("variant", UPLOAD)
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("{broken", "application/json"),
        ('{"file": 1}', "application/json"),
        ("no part of any form", "multipart/form-data"),  # without a boundary
    ],
)
def test_what_is_no_form_is_refused(
    variant: str, content: str, kind: str, request_by: Answer
) -> None:
    answer = request_by("post", f"/upload/{variant}/", content, content_type=kind)
    assert answer.status_code == 400
    if kind == "application/json":
        assert answer.json()["field"] == "file"
    else:
        assert "boundary" in answer.json()["message"]


@pytest.mark.parametrize("variant", UPLOAD)
def test_nothing_but_a_post_is_an_upload(variant: str, request_by: Answer) -> None:
    assert request_by("get", f"/upload/{variant}/").status_code == 405
