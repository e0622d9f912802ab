"""An imported file is refused with the place, or its run can be shown."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import StreamingHttpResponse
from django.test import AsyncClient

from dashboard.models import Run, StoredFrame
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.wire import frame
from tests.web.bench.test_runs import finished
from tests.web.history.mutations import mutated

DEEP = json.loads("[" * 500 + "]" * 500)


async def exported(browser: AsyncClient, laboratory: Laboratory) -> dict[str, Any]:
    run = await finished(laboratory)
    response = await browser.get(f"/runs/{run.pk}/export/json")
    assert isinstance(response, StreamingHttpResponse)
    whole: dict[str, Any] = json.loads(b"".join([piece async for piece in response]))
    return whole


async def import_(browser: AsyncClient, text: str) -> Any:
    file = SimpleUploadedFile("run.json", text.encode(), "application/json")
    response: Any = await browser.post("/runs/import/", {"file": file})
    return response


def changed(whole: dict[str, Any], path: str, value: Any) -> str:
    copy = json.loads(json.dumps(whole))
    *parts, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner = copy
    for part in parts:
        inner = inner[part]
    inner[last] = value
    return json.dumps(copy)


ODD: list[tuple[str, Any, str]] = [
    ("run.title", 7, "run.title: expected a valid string, found 7"),
    ("run.title", "x" * 201, "run.title: expected"),
    ("run.title", "\ud800", "file: expected JSON, found"),
    ("run.warnings", ["a", 7], "run.warnings[1]: expected a valid string"),
    ("run.floor_ms", float("nan"), "run.floor_ms: expected"),
    ("run.limit_rps", -1, "run.limit_rps: expected"),
    ("run.discarded_rounds", [2**70], "run.discarded_rounds[0]: expected"),
    ("run.environment", {"cpus": "two"}, "run.environment.cpus: expected a whole number"),
    ("run.environment", {"load_average": [float("inf")]}, "run.environment.load_average[0]:"),
    ("run.plan.parameters", {"delay": float("inf")}, "run.plan.parameters.delay: expected a fin"),
    ("run.plan.scenario", "x" * 300, "run.plan: expected at most 200"),
    ("lanes.0.facts", {"cores": {}}, "lanes[0].facts.cores: expected a list"),
    ("lanes.0.facts", DEEP, "file: expected JSON, found: recursion limit"),
    ("lanes.1.capacity", -1, "lanes[1].capacity: expected"),
    ("lanes.1.family", "other", "lanes[1].family: expected"),
    ("lanes.1.position", 0, "lanes: expected the positions"),
    ("readings.0.wall_ns", "long", "readings[0].wall_ns: expected a whole number"),
    ("readings.0.lane", 99, "readings[0]: expected a lane and a round"),
    ("frames", "none", "frames: expected a valid"),
]


@pytest.mark.parametrize(("path", "value", "problem"), ODD)
async def test_a_file_is_refused_with_the_place(
    browser: AsyncClient, laboratory: Laboratory, path: str, value: Any, problem: str
) -> None:
    whole = await exported(browser, laboratory)
    response = await import_(browser, changed(whole, path, value))
    assert response.status_code == 422
    assert problem in response.content.decode().replace("&#x27;", "'")
    assert await Run.objects.acount() == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [("done", 2**62), ("done", -(2**63)), ("error", 200), ("request", 2**32 - 1)],
)
async def test_a_frame_is_refused_with_its_number(
    browser: AsyncClient, laboratory: Laboratory, column: str, value: int
) -> None:
    whole = await exported(browser, laboratory)
    frames = [base64.b64decode(text) for text in whole["frames"]]
    number = next(at for at, data in enumerate(frames) if frame.decode(data).kind == "samples")
    decoded = frame.decode(frames[number])
    rows = [
        dict(zip(decoded.columns, row, strict=True))
        for row in zip(*decoded.columns.values(), strict=True)
    ]
    rows[0][column] = value
    odd = frame.encode(
        "samples", lane=0, round=1, origin_ns=1, columns=frame.rows_to_columns("samples", rows)
    )
    text = changed(whole, f"frames.{number}", base64.b64encode(odd).decode())
    response = await import_(browser, text)
    assert response.status_code == 422
    assert f"frames[{number}]: {column}" in response.content.decode()
    assert await StoredFrame.objects.filter(run__report=None).acount() == 0


@pytest.mark.thorough
async def test_what_is_imported_can_be_shown(browser: AsyncClient, laboratory: Laboratory) -> None:
    whole, draws = await exported(browser, laboratory), random.Random(15)
    del whole["report"]
    imported = 0
    for _ in range(100):
        copy = {**whole}
        part = draws.choice(["run", "lanes", "readings", "lanes", "run"])
        copy[part] = mutated(whole[part], draws)
        response = await import_(browser, json.dumps(copy))
        assert response.status_code in {303, 422}
        if response.status_code == 303:
            imported += 1
            assert (await browser.get(response["Location"])).status_code == 200, copy[part]
    page = await browser.get("/runs/")
    assert page.status_code == 200
    assert "cannot be shown" not in page.content.decode()
    assert imported
