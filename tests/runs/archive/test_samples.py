"""Sampled firings of a stored run: exported, imported, checked, masked, counted by retention."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import LaneSamples, Run, RunLane
from dashboard.project.secrets import masking
from dashboard.runs.archive import retention
from dashboard.runs.archive.exports import FORMATS
from dashboard.runs.archive.imports.import_run import InvalidImport, import_run
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.reports.samples import where_of
from tests.analysis.where.sampled import lane_where, line
from tests.runs.fakes import FakeEngine, FakeTargets, fake_laboratory
from tests.stored_rows import stored_rows

pytestmark = pytest.mark.django_db(transaction=True)
LANES = ["sync@gunicorn-gthread", "async@daphne"]
SECRET = "hunter2-forever"


@pytest.fixture
async def run(tmp_path: Path) -> Run:
    """A finished run whose first lane was sampled, and whose second one could not be."""
    lab = fake_laboratory(FakeEngine(), tmp_path)
    plan = make_plan(FakeTargets().project, scenario="sleep", requests=8, rounds=1, lanes=LANES)
    created = await lab.start(plan)
    await lab.outcome(created)
    first, second = [lane async for lane in RunLane.objects.filter(run=created)]
    where = lane_where(line(1, blocking=81.0), line(2, cpu=19.0), lane=LANES[0])
    await LaneSamples.objects.acreate(lane=first, where=where)
    await LaneSamples.objects.acreate(lane=second, missing="daphne did not start.")
    return await Run.objects.aget(pk=created.pk)


@sync_to_async
def exported(run: Run) -> Any:
    return json.loads("".join(FORMATS["json"].pieces(run)))


@sync_to_async
def imported(whole: Any) -> Run:
    return import_run(json.dumps(whole))


async def test_an_import_has_what_was_exported(run: Run) -> None:
    whole = await exported(run)
    assert [samples["lane"] for samples in whole["samples"]] == [0, 1]
    whole["samples"][0]["where"]["lane"] = "another"  # it is the lane's own
    copy = await imported(whole)
    where = sync_to_async(where_of)
    assert await where(copy) == await where(run)


async def test_an_older_file_has_none(run: Run) -> None:
    whole = await exported(run)
    del whole["samples"]
    assert await sync_to_async(where_of)(await imported(whole)) is None


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("lane",), 6, "samples[0].lane: expected"),
        (("lane",), 1, "samples: expected each lane of the run once at most"),
        (("where", "lines"), {}, "samples[0].where.lines: expected a list"),
        (("where", "lines", 0, "line"), "x", "samples[0].where.lines[0].line: expected a whole"),
        (("where", "ms", "cpu"), 10**19, "samples[0].where.ms.cpu: expected a finite number"),
        (("where", "stacks", 0, "frames"), [9], "samples[0].where: stacks.frames: expected pos"),
        (("where", "stacks", 0, "state"), "idle", "samples[0].where.stacks[0].state: expected"),
        (("where", "sampler", "limits"), ["x"] * 21, "sampler.limits: expected at most 20"),
    ],
)
async def test_what_is_no_sampled_firing_is_refused_by_field(
    run: Run, path: tuple[Any, ...], value: Any, problem: str
) -> None:
    whole = await exported(run)
    part = whole["samples"][0]
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    before = await Run.objects.acount()
    with pytest.raises(InvalidImport) as refused:
        await imported(whole)
    assert problem in str(refused.value)
    assert await Run.objects.acount() == before


async def test_secrets_in_source_are_in_no_export_and_no_import(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masking, "_replacements", {})
    monkeypatch.setattr(masking, "_pattern", [])
    stored = await LaneSamples.objects.aget(lane__run=run, lane__position=0)
    assert stored.where is not None
    stored.where["lines"][0]["source"][1] = f'    requests.get(URL, auth="{SECRET}")'
    await stored.asave()
    masking.remember_variable("SHOP_KEY", SECRET)  # known now, and not when it was stored
    whole = await exported(run)
    assert SECRET not in json.dumps(whole)
    assert '"{env:SHOP_KEY}"' in whole["samples"][0]["where"]["lines"][0]["source"][1]
    whole["samples"][1]["missing"] = f"daphne printed {SECRET}."
    copy = await imported(whole)
    assert SECRET not in json.dumps(await sync_to_async(where_of)(copy))
    of_copy = "lane_id IN (SELECT id FROM dashboard_runlane WHERE run_id = %s)"
    rows = await stored_rows(f"SELECT * FROM dashboard_lanesamples WHERE {of_copy}", copy.pk)
    assert "{env:SHOP_KEY}" in rows
    assert SECRET not in rows


async def test_retention_counts_them(run: Run) -> None:
    size = sync_to_async(retention._bytes_of)
    before = await size(run)
    await LaneSamples.objects.filter(lane__run=run).adelete()
    assert before - await size(run) > 1000
