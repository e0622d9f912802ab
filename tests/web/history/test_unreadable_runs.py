"""One bad row costs one row: whatever is stored of a run, it can be listed and deleted."""

from __future__ import annotations

import random
import sqlite3
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.db.backends.sqlite3.base import SQLiteCursorWrapper
from django.test import AsyncClient

from dashboard.models import Run, RunLane
from dashboard.runs.archive import deletion
from dashboard.runs.queue.laboratory import Laboratory
from tests.web.bench.test_runs import HTMX, finished
from tests.web.history.mutations import SURROGATE, mutated

ODD_VALUES: dict[str, list[Any]] = {
    "plan": [7, [], {}, {"scenario": 1}, {"scenario": SURROGATE}],
    "report": [7, "text", [], {}, {"lanes": None}, {"verdict": 7}],
    "warnings": [7, [7], {"a": 1}, [SURROGATE]],
    "discarded_rounds": [7, ["x"], {}],
    "environment": [7, [], {"cpu": SURROGATE}],
    "status": ["", "odd"],
    "guess": [7, [], {"lane": 1}],
    "title": ["\0"],
    "floor_ms": [1e308],
}
ODD_FACTS: list[Any] = [
    *(7, [], {"command": 7}, {"xray": 7}, {"command": [SURROGATE]}, {"versions": []}),
]
RAW = {
    "title": "CAST(x'eda080ff' AS TEXT)",
    "name": "CAST(x'ff' AS TEXT)",
    "created": "'not a time'",
    "plan": '\'{"scenario": "\\ud800"}\'',
    "report": "'" + "[" * 900 + "]" * 900 + "'",
    "warnings": "'1e999'",
    "floor_ms": "'text'",
}


async def check(browser: AsyncClient, odd: str, other: str) -> None:
    """Check that the list has both runs, that each view of the odd one answers, and delete it."""
    page = await browser.get("/runs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert f'href="/runs/{other}/"' in text
    assert f'href="/runs/{odd}/"' in text
    own = await browser.get(f"/runs/{odd}/")
    assert own.status_code in {200, 422}
    assert f"/runs/{odd}/delete/" in own.content.decode()
    for path in ("stage/", "result/", "numbers/", "charts/ecdf/", "charts/heat/table/"):
        part = await browser.get(f"/runs/{odd}/{path}", headers=HTMX)
        assert part.status_code in {200, 404, 422}, path
    compared = await browser.get(f"/runs/compare/?a={odd}&b={other}")
    assert compared.status_code in {200, 404, 422}
    assert (await browser.get(f"/runs/{other}/")).status_code == 200
    deletion = await browser.post(f"/runs/{odd}/delete/")
    assert deletion.status_code == 303
    listed = await browser.get("/runs/")
    assert listed.status_code == 200
    assert f'href="/runs/{odd}/"' not in listed.content.decode()
    assert (await browser.post(f"/runs/{odd}/restore/")).status_code == 303


@pytest.mark.thorough
async def test_any_column_may_be_odd(browser: AsyncClient, laboratory: Laboratory) -> None:
    odd, other = await finished(laboratory), await finished(laboratory)
    for name, values in ODD_VALUES.items():
        for value in values:
            await Run.objects.filter(pk=odd.pk).aupdate(**{name: value})
            await check(browser, odd.pk, other.pk)
        await Run.objects.filter(pk=odd.pk).aupdate(**{name: getattr(odd, name)})


@pytest.mark.parametrize("column", RAW)
async def test_a_column_may_be_what_python_cannot_read(
    browser: AsyncClient, laboratory: Laboratory, column: str
) -> None:
    odd, other = await finished(laboratory), await finished(laboratory)
    await store_raw("dashboard_run", column, RAW[column], odd.pk)
    await check(browser, odd.pk, other.pk)
    await browser.post(f"/runs/{odd.pk}/delete/")
    assert await sync_to_async(purge_now)() == 1


def purge_now() -> int:
    Run.objects.exclude(deleted=None).update(deleted="2000-01-01T00:00:00Z")
    return deletion.purge()


@sync_to_async
def store_raw(table: str, column: str, expression: str, run: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {expression} WHERE id = %s", [run])


@pytest.mark.thorough
async def test_the_facts_of_a_lane_may_be_odd(browser: AsyncClient, laboratory: Laboratory) -> None:
    odd, other = await finished(laboratory), await finished(laboratory)
    for facts in ODD_FACTS:
        await RunLane.objects.filter(run=odd.pk).aupdate(facts=facts)
        await check(browser, odd.pk, other.pk)
    await RunLane.objects.filter(run=odd.pk, position=0).adelete()
    await check(browser, odd.pk, other.pk)


@pytest.mark.thorough
async def test_any_part_of_a_report_may_be_anything(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    odd, other = await finished(laboratory), await finished(laboratory)
    report, draws = odd.report, random.Random(15)
    assert report
    for _ in range(25):
        await Run.objects.filter(pk=odd.pk).aupdate(report=mutated(report, draws))
        await check(browser, odd.pk, other.pk)


async def test_an_unusable_database_is_no_matter_of_one_run(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await finished(laboratory)

    def fail(*_: object) -> None:
        error = sqlite3.OperationalError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(SQLiteCursorWrapper, "execute", fail)
        client = AsyncClient(raise_request_exception=False)
        for path in ("", "stage/", "frames", "export/csv"):
            assert (await client.get(f"/runs/{run.pk}/{path}")).status_code == 503
