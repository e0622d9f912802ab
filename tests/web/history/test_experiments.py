"""Runs of experiments on the page Runs: folded, found, deleted together."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.utils.timezone import now

from dashboard.models import Experiment, Run, Status
from dashboard.runs.archive import deletion
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.history import views
from tests.web.bench.test_runs import HTMX, finished
from tests.web.history.test_history import again, text_of


async def experiment_of(*runs: Run, **values: Any) -> Experiment:
    """Return an experiment whose runs these are, in this order."""
    created = await Experiment.objects.acreate(
        **{
            "kind": Experiment.Kind.MATRIX,
            "title": "sleep",
            "status": Status.FINISHED,
            "question": {},
            "owner_pid": 1,
            "owner_started": 1.0,
            "project": "liveapp",
            **values,
        }
    )
    for position, run in enumerate(runs):
        await Run.objects.filter(pk=run.pk).aupdate(
            experiment=created, position=position, label=f"step {position}"
        )
    return created


def href(run: Run) -> str:
    return f'href="/runs/{run.pk}/"'


async def test_runs_of_an_experiment_are_folded_and_shown_when_asked_for(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    members = [await finished(laboratory) for _ in range(3)]
    alone = await again(laboratory)
    experiment = await experiment_of(*members)
    page = await text_of(browser, "/runs/")
    assert href(alone) in page
    assert not any(href(run) in page for run in members)
    assert f'href="/explore/{experiment.pk}/"' in page
    assert "3 runs" in page
    assert "3 finished" in page
    assert 'aria-expanded="false"' in page

    opened = await text_of(browser, f"/runs/?open={experiment.pk}")
    assert 'aria-expanded="true"' in opened
    places = [opened.index(href(run)) for run in members]
    assert places == sorted(places)
    assert "step 2" in opened
    assert 'href="/runs/?&amp;open=#experiment-' in opened

    address = f"/runs/experiments/{experiment.pk}/"
    fragment = (await browser.get(f"{address}?open={experiment.pk}", headers=HTMX)).content.decode()
    assert fragment.startswith("<tbody")
    assert all(href(run) in fragment for run in members)
    assert " checked" not in fragment
    folded = (await browser.get(f"{address}?open=", headers=HTMX)).content.decode()
    assert not any(href(run) in folded for run in members)
    assert (await browser.get(f"{address}?q=x"))["Location"] == "/runs/?q=x"
    assert (await browser.get("/runs/experiments/nothing/")).status_code == 404


async def test_a_search_finds_runs_within_an_experiment(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    members = [await finished(laboratory) for _ in range(3)]
    await again(laboratory)
    await experiment_of(*members)
    await browser.post(f"/runs/{members[1].pk}/describe/", {"name": "The odd one"})
    page = await text_of(browser, "/runs/?q=odd")  # the only match, so it is unfolded
    assert "1 of 3 runs" in page
    assert "The odd one" in page
    assert href(members[0]) not in page
    assert "1 of 3 runs" in await text_of(browser, "/runs/?q=odd&open=")


async def test_a_pinned_run_is_also_on_its_own(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    members = [await finished(laboratory) for _ in range(2)]
    await experiment_of(*members)
    await browser.post(f"/runs/{members[0].pk}/pin/", {"pinned": "yes"})
    page = await text_of(browser, "/runs/")
    assert page.index(href(members[0])) < page.index("2 runs")
    assert href(members[1]) not in page


async def test_an_experiment_is_one_entry_of_a_page(
    browser: AsyncClient, laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "ENTRIES_PER_PAGE", 2)
    oldest = await finished(laboratory)
    members = [await finished(laboratory) for _ in range(3)]
    newest = await finished(laboratory)
    await experiment_of(*members)
    page = await text_of(browser, "/runs/")
    assert "1 of 2" in page
    assert href(newest) in page
    assert href(oldest) not in page
    assert href(oldest) in await text_of(browser, "/runs/?page=2")


async def test_all_runs_of_an_experiment_are_deleted_and_restored_together(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    members = [await finished(laboratory) for _ in range(3)]
    experiment = await experiment_of(*members)
    await browser.post(f"/runs/{members[0].pk}/delete/")  # on its own, and so restored on its own
    address = f"/runs/experiments/{experiment.pk}/delete/"
    assert (await browser.post(address)).status_code == 303
    page = await text_of(browser, "/runs/")
    assert f"2 runs of the matrix sleep ({experiment.pk}) were deleted." in page
    assert page.count("Undo") == 2
    last = await sync_to_async(deletion.deletions)(5)
    await browser.post(f"/runs/{last[0].run}/restore/")
    assert await Run.objects.filter(deleted=None).acount() == 2
    assert f"({members[0].pk}) was deleted." in await text_of(browser, "/runs/")

    await browser.post(address)
    await Run.objects.aupdate(deleted=now() - 2 * deletion.UNDONE_FOR)
    assert await sync_to_async(deletion.purge)() == 3
    assert not await Experiment.objects.aexists()


async def test_runs_of_an_active_experiment_stay(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    experiment = await experiment_of(run, status=Status.RUNNING)
    response = await browser.post(f"/runs/experiments/{experiment.pk}/delete/")
    assert response.status_code == 422
    assert "stop it first" in response.content.decode()
    assert await Run.objects.filter(deleted=None).acount() == 1
    await Experiment.objects.aupdate(status=Status.FINISHED)


async def test_a_damaged_experiment_or_run_costs_its_own_row(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    members = [await finished(laboratory) for _ in range(2)]
    alone = await again(laboratory)
    experiment = await experiment_of(*members)
    await Run.objects.filter(pk=members[0].pk).aupdate(plan={"scenario": 1}, report=[])
    page = await text_of(browser, f"/runs/?open={experiment.pk}")
    assert "This run cannot be shown" in page
    assert href(members[1]) in page
    await Experiment.objects.aupdate(title="\0", kind="odd", question=7)
    assert href(alone) in await text_of(browser, "/runs/")
