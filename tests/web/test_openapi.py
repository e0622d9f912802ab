"""The OpenAPI document lists every address, with the methods and answers that it has."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.test import AsyncClient

from dashboard.runs.queue.laboratory import Laboratory
from tests.golden import openapi
from tests.web.bench.test_runs import finished

DOCUMENT = json.loads(openapi.FILE.read_text())
PLACES = {"chart": "ecdf", "name": "json"}


def operations() -> Iterator[tuple[str, str]]:
    """Yield each path with each method."""
    for path, methods in DOCUMENT["paths"].items():
        yield from ((path, method) for method in methods)


def test_the_document_is_current() -> None:
    assert openapi.FILE.read_text() == openapi.openapi(), "python -m tests.golden.make"


def test_it_lists_every_address() -> None:
    assert set(DOCUMENT["paths"]) == {path for path, _ in openapi.addresses()}
    assert set(openapi.OPERATIONS) == {name for _, name in openapi.addresses()}


def test_every_reference_has_its_schema() -> None:
    text = openapi.FILE.read_text()
    referred = {part.partition('"')[0] for part in text.split(openapi.COMPONENTS)[1:]}
    assert referred <= set(DOCUMENT["components"]["schemas"])
    assert '"$defs"' not in text


def address(path: str, **values: str) -> str:
    """Fill in the places of a path, those of which nothing is known with `none`."""
    for place in ("run_id", "chart", "name", "experiment_id", "sampling_id", "number", "import_id"):
        path = path.replace(f"{{{place}}}", {**PLACES, **values}.get(place, "none"))
    return path


async def test_every_address_answers_as_listed(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    for path, methods in DOCUMENT["paths"].items():
        if "get" not in methods:
            continue
        responses = methods["get"]["responses"]
        for run_id in {run.pk, "none"} if "{run_id}" in path else {""}:
            answer = await browser.get(address(path, run_id=run_id))
            assert str(answer.status_code) in responses, (path, run_id)
            if answer.status_code == 200:
                (media,) = responses["200"]["content"]
                assert answer["Content-Type"].partition(";")[0] in {media, "image/svg+xml"}, path


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
async def test_another_method_is_refused(
    method: str, browser: AsyncClient, laboratory: Laboratory
) -> None:
    for path, methods in DOCUMENT["paths"].items():
        if method in methods:
            continue
        answer = await getattr(browser, method)(address(path))
        assert answer.status_code == 405, (path, method)
