"""No page shows a secret that an older version stored, before its form or its value was known."""

from __future__ import annotations

import json

import pytest
from django.test import AsyncClient

from dashboard.models import Run, RunLane, Status
from dashboard.project.secrets import masking
from dashboard.runs.queue.laboratory import Laboratory
from tests.stored_rows import stored_rows
from tests.web.bench.test_runs import HTMX, finished

SECRETS = ("hunter2-forever", "s3cr3t-t0k3n-99", "remembered-1")
LOG = f"DATABASE_URL=postgres://shop:{SECRETS[0]}@db/shop\nit printed {SECRETS[2]}"


@pytest.fixture
async def run(laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A failed run, stored as it came from its target."""
    monkeypatch.setattr(masking, "_replacements", {})
    monkeypatch.setattr(masking, "_pattern", [])
    run = await finished(laboratory)
    assert run.report
    run.status, run.log_tail, run.problem = Status.FAILED, LOG, f"password={SECRETS[1]}"
    run.warnings = run.report["warnings"] = [LOG]
    run.name, run.notes = f"token={SECRETS[1]}", LOG
    await run.asave()
    facts = {"command": ["serve", f"--token={SECRETS[1]}"]}
    await RunLane.objects.filter(run=run).aupdate(facts=facts)
    masking.remember_variable("SHOP_KEY", SECRETS[2])
    return run


async def test_pages_and_fragments_mask_what_is_stored(browser: AsyncClient, run: Run) -> None:
    page = (await browser.get(f"/runs/{run.pk}/")).content.decode()
    assert "[redacted]" in page
    assert "{env:SHOP_KEY}" in page
    pages = {"page": page, "list": (await browser.get("/runs/")).content.decode()}
    for part in ("stage", "result", "numbers"):
        answer = await browser.get(f"/runs/{run.pk}/{part}/", headers=HTMX)
        pages[part] = answer.content.decode()
    for name, text in pages.items():
        for secret in SECRETS:
            assert secret not in text, (name, secret)


async def test_name_and_notes_are_saved_as_pages_and_exports_show_them(
    browser: AsyncClient, run: Run
) -> None:
    written = {"name": f"before password={SECRETS[1]}", "notes": f"{LOG}\nand an ordinary line"}
    answer = await browser.post(f"/runs/{run.pk}/describe/", written, headers=HTMX)
    page, stored = (
        answer.content.decode(),
        await stored_rows("SELECT name, notes FROM dashboard_run WHERE id = %s", run.pk),
    )
    exported = (await Run.objects.aget(pk=run.pk)).notes
    for secret in SECRETS:
        assert secret not in page + stored + exported
    assert "{env:SHOP_KEY}" in exported
    assert "and an ordinary line" in exported
    assert json.loads(stored) == [["before password=[redacted]", exported]]
    await browser.post(f"/runs/{run.pk}/describe/", {"name": "", "notes": exported}, headers=HTMX)
    assert (await Run.objects.aget(pk=run.pk)).notes == exported  # saved again as it is shown
