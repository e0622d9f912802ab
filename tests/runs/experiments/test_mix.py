"""A mix: what is fired in each block, and who slows whom down."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.analysis.text.mix import disturbed_text, mix_sentence
from dashboard.management.commands.mix import mix_tables
from dashboard.models import Experiment
from dashboard.project.labtoml.load import load_manifest
from dashboard.project.project import Project
from dashboard.runs.experiments.mix import MixExperiment, make_mix
from dashboard.runs.experiments.mix_table import mix_answer, mix_csv
from dashboard.wire import frame
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.experiments.mix import MixAnswer, MixedViewAnswer, Slowdown
from dashboard.wire.plan.mix import assignment
from dashboard.wire.plan.plan import Firing, Rate
from dashboard.wire.units import NS_PER_MS as MS
from tests.runs.fakes import CPU_NS, ORIGIN_NS, WALL_NS, FakeEngine, FakeTargets, fake_laboratory

SHOP = """
[project]
name = "shop"
wsgi = "shop.wsgi:application"

[scenario.search]
title = "Searching"
lanes = ["sync@daphne"]
variant.sync = { family = "sync", path = "/search/" }

[scenario.report]
title = "A report"
lanes = ["sync@daphne"]
variant.sync = { family = "sync", path = "/report/" }

[scenario.page]
title = "A page"
lanes = ["sync@daphne"]
variant.sync = { family = "sync", path = "/page/" }

[mix.monday]
title = "Monday at ten"
weights = { "search.sync" = 6, "report.sync" = 3, "page.sync" = 1 }
servers = ["gunicorn-gthread", "waitress"]
rate = 100
duration = 2
"""
# Of each path alone, in ms. Searching takes 5 times as long beside reports.
LENGTHS_MS = {"/search/": 10, "/report/": 200, "/page/": 20}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    path = tmp_path_factory.mktemp("shop") / "lab.toml"
    path.write_text(SHOP)
    return load_manifest(path)


def lengths_ms(paths: list[str]) -> list[int]:
    slowed = "/report/" in paths
    return [LENGTHS_MS[path] * (5 if slowed and path == "/search/" else 1) for path in paths]


class MixEngine(FakeEngine):
    """Answers each request after the time that its path takes beside the others."""

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        self.fired.append(firing)
        label: dict[str, Any] = {
            "lane": firing.lane, "round": firing.round, "origin_ns": ORIGIN_NS
        }  # fmt: skip
        requests, mix = firing.load.requests, firing.request_mode.mix
        if mix:
            order = assignment(tuple(view.weight for view in mix), requests, firing.seed)
            paths = [mix[view].requests[0][0] for view in order]
        else:
            paths = [firing.path] * requests
        rows = [
            {
                "request": n,
                "due": n * MS,
                "sent_first": n * MS,
                "done": (n + length) * MS,
                "status": 200,
                "error": 0,
            }
            for n, length in enumerate(lengths_ms(paths))
        ]
        yield frame.encode_event({"event": "began", "origin_ns": ORIGIN_NS})
        yield frame.encode("samples", columns=frame.rows_to_columns("samples", rows), **label)
        yield frame.encode_event({"event": "fired", "wall_ns": WALL_NS, "cpu_ns": CPU_NS})


def test_a_block_has_the_mix_each_view_alone_and_the_mix_without_each(project: Project) -> None:
    experiment = make_mix(project, scenario="monday", leave_out=True, seed=1)
    parts = dict(experiment.parts())
    assert list(parts) == [
        "mix",
        *("alone search.sync", "alone report.sync", "alone page.sync"),
        *("without search.sync", "without report.sync", "without page.sync"),
    ]
    assert parts["mix"].load == Rate(100, 2, poisson=True)
    assert parts["alone report.sync"].load == Rate(30, 2, poisson=True)
    assert [str(lane) for lane in parts["alone report.sync"].lanes] == [
        "sync@gunicorn-gthread", "sync@waitress",
    ]  # fmt: skip
    without = parts["without search.sync"]
    assert without.mix == {"report.sync": 3, "page.sync": 1}
    assert without.load == Rate(40, 2, poisson=True)
    steps = list(experiment.experiment_plan.steps)
    assert len(steps) == 5 * 7
    by_block = [step.label.partition(":")[0] for step in steps]
    assert by_block == sorted(by_block)
    assert len({step.plan.seed for step in steps}) == 5


def test_what_was_asked_survives_being_stored(project: Project) -> None:
    experiment = make_mix(project, scenario="monday", blocks=2)
    assert MixExperiment.from_json(json.loads(json.dumps(experiment.to_json()))) == experiment


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scenario": "search"}, "scenario: expected a mix, one of monday, found 'search'"),
        ({"blocks": 0}, "blocks: expected 1 to 40"),
        ({"requests": 100}, "requests: cannot be combined with a rate"),
        ({"rate_rps": 0.0}, "rate: expected above 0 to 10000"),
        ({"duration_s": 601.0}, "duration: expected above 0 to 600 s"),
        ({"lanes": ["mix@apache"]}, "mix@apache: expected a server"),
        ({"rate_rps": 9_000.0, "duration_s": 10.0, "blocks": 20}, "rate: expected at most"),
    ],
)
def test_bad_questions_are_refused_by_field(
    project: Project, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidPlan, match=message):
        make_mix(project, **{"scenario": "monday", **options})


def slowdown(cell: MixedViewAnswer, without: str | None) -> Slowdown:
    (found,) = [each for each in cell["slowdowns"] if each["without"] == without]
    return found


@pytest.mark.django_db(transaction=True)
async def test_who_slows_whom_down(tmp_path: Path, project: Project) -> None:
    targets = FakeTargets()
    targets.project = project
    lab = fake_laboratory(MixEngine(), tmp_path, targets)
    question = make_mix(project, scenario="monday", leave_out=True, seed=1)
    experiment = await lab.experiment(question.experiment_plan)
    await lab.outcome(experiment)
    stored = await Experiment.objects.aget(pk=experiment.pk)
    answer: MixAnswer = await sync_to_async(mix_answer)(stored)
    json.dumps(answer)
    assert (answer["status"], answer["problem"], len(answer["runs"])) == ("finished", "", 35)
    cells = {(cell["view"], cell["lane"]): cell for cell in answer["cells"]}
    search = cells["search.sync", "mix@gunicorn-gthread"]
    assert search["p95_ms"] == pytest.approx(50)
    assert search["share"] == pytest.approx(0.6)
    alone = slowdown(search, None)
    assert alone["answer"] == "differs"
    assert alone["ratio"] == pytest.approx(5)
    assert alone["p95_ms"] == pytest.approx(10)
    assert slowdown(search, "report.sync")["ratio"] == pytest.approx(5)
    assert slowdown(search, "page.sync")["answer"] == "no-difference"
    page = cells["page.sync", "mix@waitress"]
    assert slowdown(page, None)["answer"] == "no-difference"
    compared = page["compared"]
    assert compared is not None
    assert compared["answer"] == "no-difference"
    assert answer["sentence"] == (
        "search.sync is slowed down most, at mix@gunicorn-gthread: its p95 is 5× as long in the"
        " mix as alone (50 ms instead of 10 ms). Without report.sync it is 10 ms."
    )
    rows = list(csv.DictReader(io.StringIO(mix_csv(answer))))
    assert len(rows) == 2 * 3 * 3
    assert {row["without"] for row in rows} == {
        "all others", "search.sync", "report.sync", "page.sync",
    }  # fmt: skip
    assert answer["disturbed"] == []
    tables = list(mix_tables(answer, 120))
    assert [table.row_count for table in tables] == [3, 3]


@pytest.mark.django_db(transaction=True)
async def test_no_number_is_from_a_disturbed_run(tmp_path: Path, project: Project) -> None:
    targets = FakeTargets()
    targets.project = project
    lab = fake_laboratory(MixEngine(), tmp_path, targets)
    experiment = await lab.experiment(
        make_mix(project, scenario="monday", blocks=2, seed=1).experiment_plan
    )
    await lab.outcome(experiment)
    stored = await Experiment.objects.aget(pk=experiment.pk)
    for blocks in (1, 0):
        run = await stored.runs.aget(label=f"{2 - blocks}: mix")
        assert run.report
        assert run.report["instrument"]
        run.report["instrument"]["saturated"] = True
        await run.asave()
        answer: MixAnswer = await sync_to_async(mix_answer)(stored)
        assert run.pk in answer["disturbed"]
        assert len(answer["disturbed"]) == 2 - blocks
        slowdowns = [cell["slowdowns"][0] for cell in answer["cells"]]
        assert {each["blocks"] for each in slowdowns} == {blocks}
        assert {each["answer"] for each in slowdowns} <= (
            {"first-look"} if blocks else {"not-trusted"}
        )
        left = f"In {2 - blocks} run{'' if blocks else 's'} the load generator was at its limit"
        assert disturbed_text(answer).startswith(left)
    assert answer["sentence"] == ""


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (["no-difference", "no-difference"], "No view is slowed down by the others."),
        (
            ["no-difference", "not-trusted"],
            "No slowdown was shown. Undecided: 1 of 2 comparisons of a view with itself alone.",
        ),
    ],
)
def test_what_is_undecided_is_not_the_absence_of_a_slowdown(answers: list[str], words: str) -> None:
    cells = [
        {
            "p95_ms": 10.0,
            "slowdowns": [{"without": None, "answer": answer, "ratio": 1.0, "interval": None}],
        }
        for answer in answers
    ]
    answer: Any = {"cells": cells}
    assert mix_sentence(answer) == words
