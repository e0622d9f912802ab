"""A survey: what is asked, which runs its views get, what a failing one costs, its answer."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import Experiment, Run, Status
from dashboard.project.model.scenario import MixPart
from dashboard.project.project import Project
from dashboard.runs.conduct.conductor import SendEvent
from dashboard.runs.experiments.survey.answer import survey_answer, surveys
from dashboard.runs.experiments.survey.choices import Choice
from dashboard.runs.experiments.survey.files import HEADING, survey_csv, survey_markdown
from dashboard.runs.experiments.survey.loads import burst_of, most_requests
from dashboard.runs.experiments.survey.question import Survey, make_survey
from dashboard.runs.experiments.survey.row import row_without_runs
from dashboard.runs.live.hub import Hub
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.experiments.survey import SurveyAnswer, SurveyProgress
from dashboard.wire.plan.plan import Burst, Firing, Plan
from dashboard.wire.report.target_facts import XrayFacts
from tests.runs.fakes import FakeEngine, FakeTargets, fake_laboratory, fake_resources

PROJECT = FakeTargets().project
TODAY = "sync@gunicorn-gthread:threads=4"
POOL = "sync@gunicorn-gthread:threads=32"
LOOP = "async@daphne"


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)


def survey(*scenarios: str, **more: Any) -> Survey:
    return make_survey(PROJECT, scenarios=scenarios or ("sleep",), seed=1, **more)


def choices_of(question: Survey) -> list[Choice]:
    (view,) = question.views
    return list(view.choices)


def test_every_scenario_is_asked_about_at_todays_server() -> None:
    question = make_survey(PROJECT)
    assert question.server == PROJECT.today == "gunicorn-gthread:threads=4"
    assert [view.scenario for view in question.views] == list(PROJECT.scenarios)
    assert {view.lane.server for view in question.fireable} == {question.server}
    assert question.concurrency == (1, 8, 32)
    sleep = question.views[0]
    assert (sleep.variant, sleep.threads, sleep.processes) == ("sync", 4, 1)
    assert sleep.plan is not None
    assert (sleep.plan.load, sleep.plan.bystander) == (Burst(7, 1), False)


def test_what_a_view_could_be_served_by_instead() -> None:
    offered = choices_of(survey())
    assert [(each.change, str(each.lane)) for each in offered] == [
        ("threads", "sync@gunicorn-gthread:threads=8"),
        ("threads", "sync@gunicorn-gthread:threads=16"),
        ("threads", POOL),
        ("processes", "sync@gunicorn-gthread:threads=4,processes=2"),
        ("async", LOOP),
    ]
    assert not any(each.stand_in for each in offered)


def test_a_pool_as_large_as_the_load_stands_in_for_an_async_view_that_does_not_exist() -> None:
    project = with_variants({"sync": PROJECT.scenarios["sleep"].variants["sync"]})
    (view,) = make_survey(project, scenarios=["sleep"]).views
    assert [str(each.lane) for each in view.choices if each.stand_in] == [POOL]
    assert not any(each.change == "async" for each in view.choices)
    (view,) = make_survey(project, scenarios=["sleep"], concurrency=128).views
    (stand_in,) = [each for each in view.choices if each.stand_in]
    assert (stand_in.change, stand_in.threads) == ("async", 128)


def with_variants(variants: Any) -> Project:
    """The project whose first scenario has only these variants."""
    scenario = PROJECT.scenarios["sleep"]
    lanes = tuple(lane for lane in scenario.lanes if lane.variant in variants)
    return replace(PROJECT, scenarios={"sleep": replace(scenario, variants=variants, lanes=lanes)})


def test_the_wait_of_an_async_variant_is_the_one_it_states() -> None:
    (loop,) = [each for each in choices_of(survey("fan-out")) if each.change == "async"]
    assert str(loop.lane) == "gather@uvicorn"
    assert loop.more_wait_s == pytest.approx(0.1 - 5 * 0.1)


def test_a_sync_worker_gets_threads_by_another_worker() -> None:
    offered = choices_of(survey(server="gunicorn-sync"))
    assert str(offered[0].lane) == "sync@gunicorn-gthread:threads=2"


def test_a_view_that_cannot_be_served_so_stays_with_the_reason() -> None:
    question = survey("sleep", "mixed", server="gunicorn-gevent")
    refused = question.views[1]
    assert (refused.plan, refused.choices) == (None, ())
    assert "async views cannot work under gevent" in refused.refusal
    assert len(question.fireable) == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"scenarios": ["nothing"]}, "scenarios: expected sleep"),
        ({"server": "apache"}, "server: apache: expected a server"),
        ({"server": ""}, "server: : expected a server"),
        ({"server": "gunicorn-gthread:threads=0"}, "server: .*whole number from 1"),
        ({"server": "daphne#before"}, "server: expected the project's own code"),
        ({"concurrency": 2}, "concurrency: expected 4 to 256"),
        ({"rounds": 4}, "rounds: expected 5 to 20"),
        ({"weights": {"nothing": 1}}, "weights: expected sleep"),
        ({"weights": {"sleep": -1}}, "weights: sleep: expected 0 to"),
        ({"scenarios": ["mixed"], "server": "gunicorn-gevent"}, "scenarios: expected one"),
        ({"concurrency": 256, "rounds": 20}, "concurrency: expected at most 1,000,000 requests"),
    ],
)
def test_invalid_surveys_are_refused_by_field(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidPlan, match=words):
        make_survey(PROJECT, **changed)


def with_mix(**weights: float) -> Project:
    """Return the project with a mix of these scenarios' sync variants."""
    parts = tuple(
        MixPart(f"{name}.sync", weight, PROJECT.scenarios[name].variants["sync"], {})
        for name, weight in weights.items()
    )
    variant = replace(parts[0].variant, name="mix", mix=parts)
    mix = replace(PROJECT.scenarios["sleep"], name="monday", variants={"mix": variant})
    return replace(PROJECT, scenarios={**PROJECT.scenarios, "monday": mix})


def test_a_mix_weighs_its_views_and_is_none_itself() -> None:
    project = with_mix(sleep=6, cpu=2)
    assert [view.scenario for view in make_survey(project).views] == list(PROJECT.scenarios)
    question = make_survey(project, mix="monday")
    assert {view.scenario: view.weight for view in question.views} == {"sleep": 0.75, "cpu": 0.25}
    assert question.mix == "monday"
    named = make_survey(project, mix="monday", scenarios=["cpu", "middleware"])
    assert [(view.scenario, view.weight) for view in named.views] == [
        ("cpu", 0.25), ("middleware", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"mix": "sleep"}, "mix: expected a mix, one of monday, found 'sleep'"),
        ({"mix": "monday", "weights": {"cpu": 1}}, "weights: expected none beside a mix"),
        ({"scenarios": ["monday"]}, "scenarios: expected sleep"),
    ],
)
def test_a_mix_is_refused_as_a_view_and_beside_weights(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidPlan, match=words):
        make_survey(with_mix(sleep=1, cpu=1), **changed)
    with pytest.raises(InvalidPlan, match=r"mix: expected a \[mix.NAME\], found 'monday'"):
        make_survey(PROJECT, mix="monday")


def test_what_was_asked_survives_being_stored() -> None:
    question = survey("sleep", "middleware", weights={"sleep": 3})
    assert Survey.from_json(json.loads(json.dumps(question.to_json()))) == question


@pytest.mark.parametrize(
    ("concurrency", "rps", "requests"),
    [(32, 0.0, 32), (32, 40.0, 32), (32, 100.0, 96), (8, 40.0, 40), (8, 5000.0, 80)],
)
def test_a_firing_is_about_a_second_of_whole_waves(
    concurrency: int, rps: float, requests: int
) -> None:
    assert burst_of(concurrency, rps) == Burst(requests, concurrency)


def test_the_most_that_is_fired_is_known_beforehand() -> None:
    assert most_requests((1, 8, 32), 5) == 21 + 10 * (2 * 40 + 3 * 5 * 32)


def slow_today(firing: Firing) -> int:
    """Today's lane is the first; the event loop is a little faster than the pool."""
    return (400, 100, 98)[firing.lane] if firing.load.concurrency == 32 else 100


@pytest.mark.django_db(transaction=True)
class TestConduct:
    """Surveys that are performed by an engine that replays."""

    async def performed(
        self, tmp_path: Path, question: Survey, engine: FakeEngine, failing: tuple[str, ...] = ()
    ) -> tuple[SurveyAnswer, list[Run]]:
        lab = fake_laboratory(engine, tmp_path, FakeTargets(failing=failing))
        experiment = await lab.experiment(question.experiment_plan)
        await lab.outcome(experiment)
        return await self.answer(experiment)

    async def answer(self, experiment: Experiment) -> tuple[SurveyAnswer, list[Run]]:
        stored = await Experiment.objects.aget(pk=experiment.pk)
        runs = [run async for run in experiment.runs.order_by("position")]
        return await sync_to_async(survey_answer)(stored), runs

    async def test_a_view_is_fired_alone_loaded_and_beside_its_two_best(
        self, tmp_path: Path
    ) -> None:
        question = survey(weights={"sleep": 2})
        answer, runs = await self.performed(tmp_path, question, FakeEngine(length_ms=slow_today))
        assert [run.label for run in runs] == [
            *("sleep, 1 at once", "sleep, 8 at once", "sleep, 32 at once"),
            "sleep, 32 at once, 3 lanes",
        ]
        assert [run.plan["lanes"] for run in runs] == [[TODAY]] * 3 + [[TODAY, POOL, LOOP]]
        (row,) = answer.rows
        assert (row.state, row.word, row.best) == ("measured", "threads", POOL)
        assert (row.run, list(row.runs)) == (runs[-1].pk, [run.pk for run in runs])
        assert row.p95_ms == pytest.approx(400)
        assert row.gained_ms == pytest.approx(2 * 300)
        best = row.best_alternative
        assert best is not None
        assert best.ratio == pytest.approx(0.25)
        assert best.measured_p95_ms == pytest.approx(100)
        assert best.interval is not None
        assert best.interval[1] < 1
        fired = [each.lane for each in row.alternatives if each.run]
        assert fired == [LOOP, POOL]  # the faster first, although not by enough to be worth it
        assert all(each.why for each in row.alternatives if not each.run)
        assert answer.progress.done == answer.progress.total == 1
        assert answer.progress.words == ""
        assert answer.fit is not None
        assert answer.fit.lanes == 2
        assert "1 view: 1 needs more threads. Most is gained by sleep" in answer.sentence

    async def test_predictions_use_nothing_that_was_measured_beside_the_alternatives(
        self, tmp_path: Path
    ) -> None:
        answer, runs = await self.performed(tmp_path, survey(), FakeEngine(length_ms=slow_today))
        await runs[-1].adelete()
        before, _ = await self.answer(await Experiment.objects.aget(pk=answer.experiment))
        predictions = {each.lane: each.predicted_rps for each in answer.rows[0].alternatives}
        assert predictions == {
            each.lane: each.predicted_rps for each in before.rows[0].alternatives
        }
        assert before.rows[0].word is None

    async def test_a_view_that_nothing_makes_faster_is_left_alone(self, tmp_path: Path) -> None:
        answer, _ = await self.performed(tmp_path, survey(), FakeEngine())
        (row,) = answer.rows
        assert (row.word, row.best, row.gained_ms) == ("leave it", None, 0)
        assert row.reason
        assert answer.sentence == "1 view: 1 needs nothing else."

    async def test_an_alternative_that_does_not_start_costs_the_other_nothing(
        self, tmp_path: Path
    ) -> None:
        engine = FakeEngine(length_ms=slow_today)
        answer, runs = await self.performed(tmp_path, survey(), engine, failing=("daphne",))
        assert [run.plan["lanes"] for run in runs[3:]] == [
            [TODAY, POOL, LOOP], [TODAY, POOL], [TODAY, LOOP]
        ]  # fmt: skip
        (row,) = answer.rows
        assert (row.state, row.word, row.best) == ("measured", "threads", POOL)
        loop = next(each for each in row.alternatives if each.lane == LOOP)
        assert (loop.run, loop.why) == (None, "daphne did not start")

    async def test_a_server_that_does_not_start_fails_its_views_with_the_reason(
        self, tmp_path: Path
    ) -> None:
        question = survey("sleep", "cpu")
        failing = (question.server,)
        answer, runs = await self.performed(tmp_path, question, FakeEngine(), failing)
        assert len(runs) == 2
        assert {(row.state, row.word) for row in answer.rows} == {("failed", None)}
        assert {row.why for row in answer.rows} == {f"{question.server} did not start"}

    async def test_stop_keeps_what_was_measured(self, tmp_path: Path) -> None:
        engine = FakeEngine(hold=True)
        lab = fake_laboratory(engine, tmp_path)
        experiment = await lab.experiment(survey("sleep", "cpu").experiment_plan)
        await engine.holding.wait()
        answer, _ = await self.answer(experiment)
        assert [row.state for row in answer.rows] == ["running", "waiting"]
        assert answer.progress.words == "sleep, 1 at once"
        await lab.stop(experiment)
        assert (await lab.outcome(experiment)).status == Status.STOPPED
        answer, _ = await self.answer(experiment)
        assert [row.state for row in answer.rows] == ["not-fired", "not-fired"]
        assert {row.why for row in answer.rows} == {"the survey is stopped"}
        assert answer.sentence == ""
        found = await sync_to_async(surveys)(PROJECT.name)
        assert [each.pk for each in found] == [experiment.pk]
        assert await sync_to_async(surveys)("another") == []

    async def test_a_damaged_run_is_named_and_costs_no_other_row(self, tmp_path: Path) -> None:
        question = survey("sleep", "cpu")
        answer, runs = await self.performed(tmp_path, question, FakeEngine(length_ms=slow_today))
        await Run.objects.filter(pk=runs[0].pk).aupdate(report={"lanes": 7})
        experiment = await Experiment.objects.aget(pk=answer.experiment)
        damaged, _ = await self.answer(experiment)
        assert f"({runs[0].pk})" in damaged.problem
        rows = {row.scenario: row for row in damaged.rows}
        assert rows["cpu"] == {row.scenario: row for row in answer.rows}["cpu"]
        assert rows["sleep"].alone is None

    async def test_the_first_run_of_each_view_is_traced(self, tmp_path: Path) -> None:
        tracer = Tracer()
        lab = Laboratory(fake_resources(FakeEngine()), Hub(), tmp_path, tracer=tracer)
        experiment = await lab.experiment(survey().experiment_plan)
        await lab.outcome(experiment)
        answer, _ = await self.answer(experiment)
        assert tracer.traced == [["sync@gunicorn-gthread:threads=4"]]
        alone = answer.rows[0].alone
        assert alone is not None
        assert (alone.hops, alone.queries, alone.query_ms) == (3, 2, 10)

    async def test_it_is_exported(self, tmp_path: Path) -> None:
        question = survey("sleep", "middleware")
        answer, _ = await self.performed(tmp_path, question, FakeEngine(length_ms=slow_today))
        assert SurveyAnswer.from_json(json.loads(json.dumps(answer.to_json()))) == answer
        rows = list(csv.DictReader(io.StringIO(survey_csv(answer))))
        assert list(rows[0]) == list(HEADING)
        recommended = next(row for row in rows if row["recommended"] == "True")
        assert {row["scenario"] for row in rows} == {"sleep", "middleware"}
        assert recommended["alternative_lane"].endswith("gunicorn-gthread:threads=32")
        assert float(recommended["alternative_ratio"]) == pytest.approx(0.25)
        text = survey_markdown(answer)
        assert text.startswith("## Survey of liveapp: gunicorn-gthread:threads=4 today, 32 req")
        assert "| View | Time in | p95 today |" in text
        assert "| sleep | – | 400 ms | sync@gunicorn-gthread:threads=32 | 4× faster" in text


def test_text_of_a_project_is_no_markup_and_no_formula() -> None:
    row = row_without_runs(replace(survey().views[0], scenario="=1+1|<b>\n"), "failed", "*x*\n`y`")
    fields = {"experiment": "x", "kind": "survey", "status": "failed", "problem": ""}
    answer = SurveyAnswer(
        **fields,
        project="[shop](http://x)",
        server="daphne",
        concurrency=(1, 8, 32),
        rounds=5,
        seed=1,
        mix="",
        rows=(row,),
        progress=SurveyProgress(1, 1, ""),
        fit=None,
        sentence="",
    )
    text = survey_markdown(answer)
    assert "| =1+1\\|\\<b\\> |" in text
    assert "failed: \\*x\\* \\`y\\` |" in text
    assert "## Survey of \\[shop\\](http://x): daphne" in text
    (line,) = csv.DictReader(io.StringIO(survey_csv(answer)))
    assert line["scenario"].startswith("'=1+1")


class Tracer:
    """Traces nothing, and tells what it was asked for."""

    def __init__(self) -> None:
        self.traced: list[list[str]] = []

    async def inspect(self, run: Run, plan: Plan, project: Project, send: SendEvent) -> None:
        self.traced.append([str(lane) for lane in plan.lanes])
        facts: XrayFacts = {
            "sentence": "",
            "hops": 3,
            "threads_started": 0,
            "queries": 2,
            "length_ms": 100,
            "serialised": None,
            "view_query_ms": 10,
            "middleware": 1,
        }
        await send({"event": "found", "lane": 0, "facts": {"xray": facts}})
