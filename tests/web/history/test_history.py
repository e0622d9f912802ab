"""Stored runs: search, name, pin, compare, export, import, delete, undo."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import StreamingHttpResponse
from django.test import AsyncClient
from django.utils.timezone import now

from dashboard.models import Run, Status
from dashboard.runs.archive import deletion
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from tests.runs.fakes import FakeEngine
from tests.web.bench.test_runs import HTMX, finished, start


async def text_of(browser: AsyncClient, address: str) -> str:
    response = await browser.get(address)
    assert response.status_code == 200
    return response.content.decode()


async def again(laboratory: Laboratory) -> Run:
    """Return a run of another size."""
    plan = make_plan(laboratory.project, scenario="mixed", requests=8, rounds=1, seed=2)
    run = await laboratory.start(plan)
    await laboratory.outcome(run)
    return await Run.objects.aget(pk=run.pk)


async def test_a_run_is_found_by_its_name_and_notes(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run, other = await finished(laboratory), await again(laboratory)
    await browser.post(f"/runs/{run.pk}/describe/", {"name": "Before the cache", "notes": "slow"})
    for query in ("?q=cache", "?q=SLOW+before", "?q=gthread", "?scenario=sleep", f"?q={run.pk}"):
        page = await text_of(browser, f"/runs/{query}")
        assert "Before the cache" in page
        assert f"/runs/{other.pk}/" not in page, query
    assert "No matching runs" in await text_of(browser, "/runs/?q=nowhere")
    assert f"/runs/{other.pk}/" in await text_of(browser, "/runs/?status=finished")


async def test_a_name_is_the_heading_and_the_title(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    page = await text_of(browser, f"/runs/{run.pk}/")
    assert f"<title>{run.title} · {run.pk} · Liveburst</title>" in page
    address = f"/runs/{run.pk}/describe/"
    response = await browser.post(address, {"name": "Before & after"}, headers=HTMX)
    page = await text_of(browser, f"/runs/{run.pk}/")
    for text in (response.content.decode(), page):
        assert f"<title>Before &amp; after · {run.pk} · Liveburst</title>" in text
        heading = text.split('<h1 class="title"')[1].split("</h1>")[0]
        assert "Before &amp; after" in heading
        assert run.title in heading


async def test_written_text_is_escaped(browser: AsyncClient, laboratory: Laboratory) -> None:
    run = await finished(laboratory)
    await browser.post(f"/runs/{run.pk}/describe/", {"name": "<b>x</b>", "notes": "</textarea>"})
    page = await text_of(browser, f"/runs/{run.pk}/")
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<b>x</b>" not in page
    assert "&lt;/textarea&gt;" in page


async def test_a_name_that_is_too_long_is_refused_and_the_old_one_stays(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    await browser.post(f"/runs/{run.pk}/describe/", {"name": "short"})
    response = await browser.post(f"/runs/{run.pk}/describe/", {"name": "x" * 101}, headers=HTMX)
    assert response.status_code == 422
    assert "name: expected at most 100 characters, found 101" in response.content.decode()
    assert (await Run.objects.aget(pk=run.pk)).name == "short"


async def test_a_scenario_has_one_baseline_that_other_runs_are_compared_with(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    first, second = await finished(laboratory), await finished(laboratory)
    elsewhere = await again(laboratory)
    for run in (first, elsewhere, second):
        await browser.post(f"/runs/{run.pk}/pin/", {"pinned": "yes"}, headers=HTMX)
    pinned = {run.pk async for run in Run.objects.filter(pinned=True)}
    assert pinned == {second.pk, elsewhere.pk}
    page = await text_of(browser, f"/runs/{first.pk}/")
    assert f"a={second.pk}&amp;b={first.pk}" in page
    await browser.post(f"/runs/{second.pk}/pin/", {"pinned": "no"})
    assert "Compare with the baseline" not in await text_of(browser, f"/runs/{first.pk}/")


async def test_a_deletion_can_be_undone_until_the_purge(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    await browser.post(f"/runs/{run.pk}/delete/")
    page = await text_of(browser, "/runs/")
    assert "was deleted." in page
    assert "Undo" in page
    assert f'href="/runs/{run.pk}/"' not in page
    assert await sync_to_async(deletion.purge)() == 0
    await browser.post(f"/runs/{run.pk}/restore/")
    assert f'href="/runs/{run.pk}/"' in await text_of(browser, "/runs/")

    await browser.post(f"/runs/{run.pk}/delete/")
    long_ago = now() - deletion.UNDONE_FOR - timedelta(seconds=1)
    await Run.objects.filter(pk=run.pk).aupdate(deleted=long_ago)
    assert await sync_to_async(deletion.purge)() == 1
    assert not await Run.objects.filter(pk=run.pk).aexists()


class TestWhileARunIsOn:
    """An engine that waits until it is stopped."""

    @pytest.fixture
    def engine(self) -> FakeEngine:
        return FakeEngine(hold=True)

    async def test_an_active_run_cannot_be_deleted(
        self, browser: AsyncClient, laboratory: Laboratory, engine: FakeEngine
    ) -> None:
        run = await start(laboratory)
        await engine.holding.wait()
        response = await browser.post(f"/runs/{run.pk}/delete/")
        assert response.status_code == 422
        assert "stop it first" in response.content.decode()
        assert (await Run.objects.aget(pk=run.pk)).deleted is None
        await laboratory.stop(run)
        await laboratory.outcome(run)


async def test_run_again_fires_the_same_plan_with_the_same_seed(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    response = await browser.post(f"/runs/{run.pk}/again/")
    assert response.status_code == 303
    new = await Run.objects.aget(pk=response["Location"].split("/")[-2])
    assert new.pk != run.pk
    assert new.plan == run.plan
    await laboratory.outcome(new)


async def test_a_plan_that_the_project_no_longer_knows_is_not_fired(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    await Run.objects.filter(pk=run.pk).aupdate(plan={**run.plan, "scenario": "gone"})
    response = await browser.post(f"/runs/{run.pk}/again/")
    assert response.status_code == 422
    assert "scenario: expected one of" in response.content.decode()
    assert await Run.objects.acount() == 1


async def test_a_run_is_exported_and_imported_again(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    response = await browser.get(f"/runs/{run.pk}/export/json")
    assert isinstance(response, StreamingHttpResponse)
    assert response["Content-Disposition"] == f'attachment; filename="liveburst-{run.pk}.json"'
    whole = b"".join([piece async for piece in response])
    file = SimpleUploadedFile("run.json", whole, "application/json")
    taken = await browser.post("/runs/import/", {"file": file})
    copy = await Run.objects.aget(pk=taken["Location"].split("/")[-2])
    assert copy.status == Status.FINISHED
    assert copy.plan == run.plan
    assert json.loads(whole)["report"]["run"] == run.pk


async def test_a_file_that_is_not_a_run_is_refused(browser: AsyncClient) -> None:
    file = SimpleUploadedFile("run.json", b"{}", "application/json")
    response = await browser.post("/runs/import/", {"file": file})
    assert response.status_code == 422
    assert "file: expected a run that Liveburst exported" in response.content.decode()
    assert (await browser.post("/runs/import/")).status_code == 422
    assert await Run.objects.acount() == 0


@pytest.mark.parametrize("name", ["pdf", "csvx"])
async def test_other_formats_are_not_found(
    browser: AsyncClient, laboratory: Laboratory, name: str
) -> None:
    run = await finished(laboratory)
    assert (await browser.get(f"/runs/{run.pk}/export/{name}")).status_code == 404
