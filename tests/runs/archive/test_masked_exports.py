"""Secrets in what an older version stored, or another Liveburst exported: not in any export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import Run, RunLane
from dashboard.project.secrets import masking
from dashboard.runs.archive.exports import FORMATS
from dashboard.runs.archive.imports.import_run import import_run
from dashboard.runs.planning.plans import make_plan
from dashboard.web.run.card.card import CARD
from dashboard.web.run.single_file import html_format
from tests.runs.fakes import FakeEngine, FakeTargets, fake_laboratory
from tests.stored_rows import stored_rows

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = ("hunter2-forever", "s3cr3t-t0k3n-99", "eyJhbGciOi.eyJzdWIiOi.SflKxwRJSM", "remembered-1")
LOG = f"DATABASE_URL=postgres://shop:{SECRETS[0]}@db/shop\nAuthorization: Bearer {SECRETS[2]}"


@pytest.fixture
async def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run with secrets in every text that comes from a target."""
    monkeypatch.setattr(masking, "_replacements", {})
    monkeypatch.setattr(masking, "_pattern", [])
    lab = fake_laboratory(FakeEngine(), tmp_path)
    plan = make_plan(FakeTargets().project, scenario="sleep", requests=8, rounds=1)
    created = await lab.start(plan)
    await lab.outcome(created)
    run = await Run.objects.aget(pk=created.pk)
    assert run.report
    run.log_tail, run.problem, run.name = LOG, f"password={SECRETS[1]}", f"token={SECRETS[1]}"
    run.notes, run.warnings = LOG, [f"It printed {SECRETS[3]}.", LOG]
    run.report["warnings"] = [LOG]
    await run.asave()
    facts = {"command": ["serve", f"--token={SECRETS[1]}", f"--password={SECRETS[0]}"]}
    await RunLane.objects.filter(run=run).aupdate(facts=facts)
    masking.remember_variable("SHOP_KEY", SECRETS[3])  # known now, and not when it was stored
    return run


async def test_no_export_has_them(run: Run) -> None:
    project = FakeTargets().project
    for export in (*FORMATS.values(), html_format(project), CARD):
        text = await sync_to_async(lambda export=export: "".join(export.pieces(run)))()
        assert text
        for secret in SECRETS:
            assert secret not in text, (export.name, secret)
    # Only what leaves is masked.
    rows = await stored_rows("SELECT log_tail FROM dashboard_run WHERE id = %s", run.pk)
    assert json.loads(rows) == [[LOG]]


async def test_nothing_that_is_read_has_them(run: Run) -> None:
    stored = await Run.objects.aget(pk=run.pk)
    read = [stored.log_tail, stored.problem, stored.warnings, stored.report]
    read += [stored.name, stored.notes]
    facts = [lane.facts async for lane in RunLane.objects.filter(run=run)]
    rows = Run.objects.filter(pk=run.pk).values_list("problem", "warnings", "log_tail")
    text = json.dumps([read, facts, [row async for row in rows]])
    for secret in SECRETS:
        assert secret not in text
    assert "{env:SHOP_KEY}" in text
    assert "[redacted]" in text


async def test_a_value_that_becomes_known_is_masked_in_what_was_read_before(run: Run) -> None:
    before = await Run.objects.aget(pk=run.pk)
    assert "printed" in json.dumps(before.warnings)
    masking.remember_variable("LATER_KEY", "printed")
    after = await Run.objects.aget(pk=run.pk)
    assert "printed" not in json.dumps(after.warnings)
    assert "{env:LATER_KEY}" in json.dumps(after.warnings)


async def test_an_import_is_stored_without_them(run: Run) -> None:
    text = await sync_to_async(lambda: "".join(FORMATS["json"].pieces(run)))()
    whole = json.loads(text)
    assert whole["run"]["warnings"][0] == "It printed {env:SHOP_KEY}."
    whole["run"]["log_tail"], whole["run"]["problem"] = LOG, f"password={SECRETS[1]}"
    whole["lanes"][0]["facts"] = {"command": ["serve", f"--password={SECRETS[0]}"]}
    copy = await sync_to_async(import_run)(json.dumps(whole))
    stored = await stored_rows("SELECT * FROM dashboard_run WHERE id = %s", copy.pk)
    facts = await stored_rows("SELECT facts FROM dashboard_runlane WHERE run_id = %s", copy.pk)
    assert "{env:SHOP_KEY}" in stored
    for secret in SECRETS:
        assert secret not in stored
        assert secret not in facts
