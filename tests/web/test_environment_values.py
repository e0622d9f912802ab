"""A value from the environment goes over the wire, and is nowhere else to be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core import serializers
from django.test import AsyncClient
from django.urls import reverse

from dashboard import models
from dashboard.models import Run, Status, StoredFrame
from dashboard.runs.exports import FORMATS
from dashboard.runs.hub import Hub
from dashboard.runs.laboratory import Laboratory
from dashboard.runs.planning import make_plan
from dashboard.targets.from_environment import filled
from dashboard.targets.manifest import Project
from dashboard.web.desk import furnish
from dashboard.web.single_file import html_pieces
from dashboard.wire.errors import InvalidPlan, TargetFailed
from tests.runs.fakes import FakeEngine, FakeTargets, equipment

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS: Mapping[str, str] = {
    "LAB_TEST_TOKEN": "zebra-in-a-header",
    "LAB_TEST_SESSION": "zebra-in-a-cookie",
    "LAB_TEST_KEY": "zebra-in-a-body",
}


def with_secrets(project: Project) -> Project:
    scenario = project.scenarios["sleep"]
    variants = {
        name: replace(
            variant,
            method="POST",
            headers=(("Authorization", "Bearer {env:LAB_TEST_TOKEN}"),),
            cookies=(("sessionid", "{env:LAB_TEST_SESSION}"),),
            body='{"key": "{env:LAB_TEST_KEY}"}',
        )
        for name, variant in scenario.variants.items()
    }
    return replace(project, scenarios={"sleep": replace(scenario, variants=variants)})


@pytest.fixture
def targets() -> FakeTargets:
    targets = FakeTargets()
    targets.project = with_secrets(targets.project)
    return targets


@sync_to_async
def everything_stored() -> str:
    kinds: Any = (models.Run, models.RunLane, models.Experiment)
    rows = "".join(serializers.serialize("json", kind.objects.all()) for kind in kinds)
    frames = (bytes(one.data).decode("latin-1") for one in StoredFrame.objects.all())
    return rows + "".join(frames)


@sync_to_async
def everything_exported(run: Run, project: Project) -> str:
    pieces: Iterator[str] = (one for form in FORMATS.values() for one in form.pieces(run))
    html = (one if isinstance(one, str) else one.decode() for one in html_pieces(run, project))
    return "".join(pieces) + "".join(html)


@pytest.fixture
def lab(engine: FakeEngine, targets: FakeTargets, tmp_path: Path) -> Laboratory:
    made = Laboratory(equipment(engine, targets), Hub(), tmp_path)
    furnish(made)
    return made


async def test_it_reaches_the_engine_and_nothing_that_is_kept_or_shown(
    *,
    lab: Laboratory,
    engine: FakeEngine,
    tmp_path: Path,
    targets: FakeTargets,
    monkeypatch: pytest.MonkeyPatch,
    async_client: AsyncClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    plan = make_plan(targets.project, scenario="sleep", requests=5, rounds=1)
    made = await lab.start(plan)
    assert (await lab.outcome(made)).status == Status.FINISHED
    sent = [{*dict(fired.headers).values(), fired.body} for fired in engine.fired]
    assert {
        "Bearer zebra-in-a-header",
        "sessionid=zebra-in-a-cookie",
        '{"key": "zebra-in-a-body"}',
    } <= sent[-1]
    run = await Run.objects.aget(pk=made.pk)
    page = await async_client.get(reverse("run", args=[run.pk]))
    assert page.status_code == 200
    kept = [await everything_stored(), await everything_exported(run, targets.project)]
    kept += [page.content.decode(), caplog.text]
    kept += [repr(plan), repr(targets.project.scenarios)]
    kept += [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240
    assert not any("zebra" in text for text in kept)


@pytest.mark.parametrize("missing", SECRETS)
async def test_a_missing_variable_is_said_before_anything_is_fired(
    missing: str, targets: FakeTargets, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        if name != missing:
            monkeypatch.setenv(name, value)
    with pytest.raises(InvalidPlan, match=f"expected {missing} in the environment") as refused:
        make_plan(targets.project, scenario="sleep", requests=5, rounds=1)
    assert "zebra" not in str(refused.value)


async def test_what_no_header_can_carry_is_refused_without_being_quoted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAB_TEST_TOKEN", "zebra\r\nX-Evil: 1")
    with pytest.raises(TargetFailed, match="LAB_TEST_TOKEN: expected a value") as refused:
        filled("{env:LAB_TEST_TOKEN}", one_line=True)
    assert "zebra" not in str(refused.value)
    assert filled("{env} {env:} {LAB_TEST_TOKEN}") == "{env} {env:} {LAB_TEST_TOKEN}"
