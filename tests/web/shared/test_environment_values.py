"""A value from the environment goes over the wire and is stored or shown nowhere."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.urls import reverse

from dashboard import models
from dashboard.models import Run, Status, StoredFrame
from dashboard.project.model.login import Login
from dashboard.project.model.placeholders import fill_in, malformed
from dashboard.project.project import Project
from dashboard.project.secrets import masking
from dashboard.project.secrets.masking import all_masked, masked, remember_variable
from dashboard.runs.archive.exports import FORMATS
from dashboard.runs.live.hub import Hub
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.targets.observe.answers import read_answers
from dashboard.targets.supervise.log_files import last_line_since, read_tail
from dashboard.web.run.single_file import html_pieces
from dashboard.web.shared.laboratory_access import set_laboratory
from dashboard.wire.errors import InvalidPlan, TargetFailed
from tests.runs.fakes import FakeEngine, FakeTarget, FakeTargets, fake_resources
from tests.stored_rows import stored_rows

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS: Mapping[str, str] = {
    "LAB_TEST_TOKEN": "zebra-in-a-header",
    "LAB_TEST_SESSION": "zebra-in-a-cookie",
    "LAB_TEST_KEY": "zebra-in-a-body",
}


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget for the time of a test what others had replaced, in which a word may be."""
    monkeypatch.setattr(masking, "_replacements", {})
    monkeypatch.setattr(masking, "_pattern", [])


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


async def everything_stored() -> str:
    kinds = (models.Run, models.RunLane, models.Experiment)
    rows = [await stored_rows(f"SELECT * FROM {kind._meta.db_table}") for kind in kinds]
    frames = [bytes(frame.data).decode("latin-1") async for frame in StoredFrame.objects.all()]
    return "".join([*rows, *frames])


@sync_to_async
def everything_exported(run: Run, project: Project) -> str:
    pieces: Iterator[str] = (piece for form in FORMATS.values() for piece in form.pieces(run))
    html = (
        piece if isinstance(piece, str) else piece.decode() for piece in html_pieces(run, project)
    )
    return "".join(pieces) + "".join(html)


@pytest.fixture
def lab(engine: FakeEngine, targets: FakeTargets, tmp_path: Path) -> Laboratory:
    made = Laboratory(fake_resources(engine, targets), Hub(), tmp_path)
    set_laboratory(made)
    return made


async def test_a_secret_reaches_the_engine_and_nothing_stored_or_shown(
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
    texts = [await everything_stored(), await everything_exported(run, targets.project)]
    texts += [page.content.decode(), caplog.text]
    texts += [repr(plan), repr(targets.project.scenarios)]
    texts += [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240
    assert not any("zebra" in text for text in texts)


@pytest.mark.parametrize("missing", SECRETS)
async def test_a_missing_variable_is_reported_before_anything_is_fired(
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
        fill_in("{env:LAB_TEST_TOKEN}", one_line=True)
    assert "zebra" not in str(refused.value)
    assert fill_in("{env} {env:} {LAB_TEST_TOKEN}") == "{env} {env:} {LAB_TEST_TOKEN}"


class Repeating(FakeTarget):
    """Raises and logs what it was sent, and ends after some firings."""

    def __init__(self, server: str, log: Path, ends_after: float) -> None:
        super().__init__(server)
        self._log = log
        self._ends_after = ends_after
        self._rounds = 0

    async def end(self, firing: int, *, quiet_timeout_s: float) -> bool:
        secrets = " ".join(SECRETS.values())
        self._log.write_text(f"Bearer {secrets}\nValueError: bad header {secrets}\n")
        exception = {"status": 500, "type": "ValueError", "where": "views.py:3", "count": 5}
        self.answers = tuple(
            read_answers(
                [
                    {**exception, "message": f"bad header Bearer {secrets}"},
                    {**exception, "type": None, "where": f"/login/{secrets}", "message": ""},
                ]
            )
        )
        self.log_line = last_line_since(self._log, 0)
        self._rounds += 1
        if self._rounds > self._ends_after:
            self.failure = TargetFailed("it ended with status 1", read_tail(self._log))
        return await super().end(firing, quiet_timeout_s=quiet_timeout_s)


@pytest.mark.parametrize(("ends_after", "prefix"), [(math.inf, "Bearer "), (0, "")])
async def test_a_secret_that_the_project_repeats_is_stored_and_shown_by_its_name(
    *,
    ends_after: float,
    prefix: str,
    lab: Laboratory,
    targets: FakeTargets,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    async_client: AsyncClient,
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    plan = make_plan(targets.project, scenario="sleep", requests=5, rounds=2)
    for lane in plan.lanes:
        targets.made[lane.server] = Repeating(lane.server, tmp_path / "log", ends_after)
    made = await lab.start(plan)
    await lab.outcome(made)
    run = await Run.objects.aget(pk=made.pk)
    page = await async_client.get(reverse("run", args=[run.pk]))
    stored = await everything_stored()
    assert f"bad header {prefix}{{env:LAB_TEST_TOKEN}} {{env:LAB_TEST_SESSION}}" in stored
    texts = [stored, await everything_exported(run, targets.project), page.content.decode()]
    assert not any("zebra" in text for text in texts)


AWKWARD = "ze/bra+\"q'uo&te\\ \n  über"


@pytest.mark.parametrize(
    "written",
    [
        AWKWARD,
        " ".join(AWKWARD.split()),
        quote(AWKWARD),
        quote(AWKWARD, ""),
        quote_plus(AWKWARD),
        re.sub("%..", lambda match: match[0].lower(), quote_plus(AWKWARD)),
        json.dumps(AWKWARD)[1:-1],
        repr(AWKWARD)[1:-1],
        repr(AWKWARD.encode())[2:-1],
        html.escape(AWKWARD),
    ],
)
def test_a_value_is_masked_however_it_is_escaped(written: str) -> None:
    remember_variable("LAB_AWKWARD", AWKWARD)
    masks = "sent {env:LAB_AWKWARD}!"
    assert masked(f"sent {written}!") == masks
    trace = {"spans": [{"sql": f"sent {AWKWARD}!", "begun": 1}]}
    assert all_masked(trace) == {"spans": [{"sql": masks, "begun": 1}]}


def test_a_value_that_a_bound_cuts_is_masked_and_a_short_one_never(tmp_path: Path) -> None:
    remember_variable("LAB_CUT", "giraffe-in-a-log")
    remember_variable("LAB_SHORT", "abc")
    kind = {"status": 500, "type": "ValueError", "where": None, "count": 1}
    answers = read_answers([{**kind, "message": "x" * 290 + "giraffe-in"}])
    assert answers[0]["message"] == "x" * 290 + "{env:LAB_CUT}"
    log = tmp_path / "log"
    log.write_text("giraffe-in-a-log\nabc")
    assert read_tail(log, 12) == "{env:LAB_CUT}\nabc"


@pytest.mark.parametrize(
    ("variables", "texts"),
    [
        ({}, ["expected LAB_TEST_TOKEN and LAB_TEST_SESSION", "LAB_USER and LAB_PASSWORD"]),
        ({**SECRETS, "LAB_TEST_KEY": "", "LAB_USER": "u"}, ["LAB_TEST_KEY in", "LAB_PASSWORD in"]),
        (
            {**SECRETS, "LAB_TEST_TOKEN": "zebra\r\nX: 1", "LAB_USER": "u", "LAB_PASSWORD": "p"},
            ["LAB_TEST_TOKEN: expected a value that a header can carry"],
        ),
    ],
)
async def test_all_unusable_variables_are_reported_before_anything_is_fired(
    variables: Mapping[str, str],
    texts: list[str],
    targets: FakeTargets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in (*SECRETS, "LAB_USER", "LAB_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    scenario = targets.project.scenarios["sleep"]
    variants = {name: replace(variant, login=True) for name, variant in scenario.variants.items()}
    project = replace(
        targets.project,
        login=Login("/login/", "LAB_USER", "LAB_PASSWORD"),
        scenarios={"sleep": replace(scenario, variants=variants)},
    )
    with pytest.raises(InvalidPlan) as refused:
        make_plan(project, scenario="sleep", requests=5, rounds=1)
    assert all(words in str(refused.value) for words in texts)
    assert "zebra" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Bearer {env:lower-x}", "{env:lower-x}"),
        ("{env:}", "{env:}"),
        ("{env:1ST}", "{env:1ST}"),
        ("{env: TOKEN}", "{env: TOKEN}"),
        ("Bearer {env:TOKEN", "{env:TOKEN"),
        ("{env:TOKEN} {env} {environment:}", ""),
        ('{feature(env: {env: "prod"})}', ""),
    ],
)
def test_what_is_meant_to_be_a_reference_and_is_none_is_found(text: str, wrong: str) -> None:
    assert malformed(text) == wrong
