"""A matrix: what is asked, how its cells share runs, what a failing server costs, its answer."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.management.commands.matrix import matrix_notes
from dashboard.models import Experiment, Run, Status
from dashboard.runs.experiments.matrix import MAX_CELLS, Matrix, make_matrix, steps_of
from dashboard.runs.experiments.matrix_table import matrix_answer, matrix_csv
from dashboard.targets.preparation import server_packages
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.experiments.matrix import MatrixAnswer
from dashboard.wire.plan.plan import MAX_LANES
from tests.runs.fakes import FakeEngine, FakeTargets, fake_laboratory

PROJECT = FakeTargets().project
SIX = ("gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent", "waitress", "daphne", "uvicorn")


def matrix(**more: Any) -> Matrix:
    return make_matrix(PROJECT, scenario="sleep", **{"requests": 10, "rounds": 5, **more})


def lanes_of(question: Matrix, *, failing: tuple[str, ...] = ()) -> list[list[str]]:
    """The lanes of each run that is fired, where runs with these servers fail."""
    steps, fired = steps_of(question), list[list[str]]()
    step = next(steps)
    while True:
        fired.append([str(lane) for lane in step.plan.lanes])
        failed = any(lane.server in failing for lane in step.plan.lanes)
        try:
            step = steps.send(Run(status=Status.FAILED if failed else Status.FINISHED))
        except StopIteration:
            return fired


def test_cells_that_cannot_be_fired_stay_with_the_reason() -> None:
    question = matrix(servers=["gunicorn-gevent", "daphne", "uwsgi"])
    refused = {(cell.variant, cell.server): cell.refusal for cell in question.cells}
    assert len(refused) == len(question.variants) * 3
    assert "async views cannot work under gevent" in refused["async", "gunicorn-gevent"]
    assert refused["sync", "gunicorn-gevent"] == refused["async", "daphne"] == ""
    assert str(question.baseline) == "sync@daphne"


def test_a_server_that_is_not_installed_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_packages, "installed_versions", lambda: {"daphne": "4"})
    question = matrix(servers=["daphne", "waitress"])
    (refusal,) = {cell.refusal for cell in question.cells if cell.server == "waitress"}
    assert refusal.endswith("-m pip install waitress installs it")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"variants": ["syncc"]}, "variants: expected one of sync"),
        ({"servers": ["apache"]}, "servers: apache"),
        ({"variants": ["async"], "servers": ["gunicorn-gevent"]}, "servers: expected one that fit"),
        ({"servers": [f"waitress:threads={n}" for n in range(1, MAX_CELLS)]}, "at most 80 cells"),
        ({"requests": 10_000, "rounds": 50}, "requests: expected at most 1,000,000"),
        ({"rounds": 0}, "rounds: expected 1 to 100"),
        ({"parameters": {"delay": 99}}, "parameters.delay: expected 0 to 10 s"),
    ],
)
def test_invalid_sweeps_are_refused_by_field(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidPlan, match=words):
        matrix(**changed)


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(InvalidPlan, match="scenario: expected one of sleep"):
        make_matrix(PROJECT, scenario="nothing")


def test_what_was_asked_survives_being_stored() -> None:
    question = matrix(servers=["gunicorn-gthread:threads=2,processes=2", "daphne"])
    assert Matrix.from_json(json.loads(json.dumps(question.to_json()))) == question


def test_every_cell_is_fired_once_beside_the_baseline_in_full_runs() -> None:
    question = matrix(servers=SIX)
    able = [str(cell.lane) for cell in question.cells if not cell.refusal]
    fired = lanes_of(question)
    assert len(fired) == -(-(len(able) - 1) // (MAX_LANES - 1))
    assert {lanes[0] for lanes in fired} == {str(question.baseline)}
    others = [lane for lanes in fired for lane in lanes[1:]]
    assert sorted([*others, str(question.baseline)]) == sorted(able)
    assert all(len(lanes) <= MAX_LANES for lanes in fired)


def test_one_cell_is_a_run_of_its_own() -> None:
    assert lanes_of(matrix(variants=["sync"], servers=["daphne"])) == [["sync@daphne"]]


def test_a_failing_server_costs_no_cell_of_another_server() -> None:
    question = matrix(servers=("daphne", "uvicorn", "waitress"), variants=["sync", "async"])
    fired = lanes_of(question, failing=("uvicorn",))
    assert fired[0][0] == str(question.baseline) == "sync@daphne"
    assert fired[1] == ["sync@daphne"]  # the baseline is not at fault
    assert [lanes[1:] for lanes in fired[2:]] == [
        ["async@daphne"],
        ["sync@uvicorn", "async@uvicorn"],
        ["sync@waitress", "async@waitress"],
    ]


def test_a_baseline_that_does_not_start_is_replaced() -> None:
    question = matrix(servers=("daphne", "uvicorn"), variants=["sync", "async"])
    assert lanes_of(question, failing=("daphne",)) == [
        ["sync@daphne", "async@daphne", "sync@uvicorn", "async@uvicorn"],
        ["sync@daphne"],
        ["sync@uvicorn", "async@uvicorn"],
    ]
    assert lanes_of(question, failing=("daphne", "uvicorn"))[-1] == ["sync@uvicorn"]


@pytest.mark.django_db(transaction=True)
class TestAnswer:
    """The answer of a matrix that is performed by an engine that replays."""

    async def answer(
        self, tmp_path: Path, question: Matrix, failing: tuple[str, ...] = ()
    ) -> MatrixAnswer:
        lab = fake_laboratory(FakeEngine(), tmp_path, FakeTargets(failing=failing))
        experiment = await lab.experiment(question.experiment_plan)
        await lab.outcome(experiment)
        return await sync_to_async(matrix_answer)(await Experiment.objects.aget(pk=experiment.pk))

    async def test_each_cell_has_its_numbers_and_its_run(self, tmp_path: Path) -> None:
        answer = await self.answer(tmp_path, matrix(servers=SIX))
        json.dumps(answer)
        measured = [cell for cell in answer["cells"] if cell["state"] == "measured"]
        assert len(measured) == sum(cell["state"] != "refused" for cell in answer["cells"])
        assert {cell["makespan_s"] for cell in measured} == {0.1}
        assert {cell["ratio"] for cell in measured} == {1.0}
        assert {cell["answer"] for cell in measured} == {"baseline", "no-difference"}
        assert {cell["run"] for cell in measured} == set(answer["runs"])
        theory = {cell["lane"]: cell["theory_s"] for cell in measured}
        assert theory["sync@gunicorn-sync"] == pytest.approx(1.0)
        assert theory["sync@gunicorn-gthread"] == pytest.approx(0.2)
        assert theory["async@uvicorn"] == pytest.approx(0.1)
        drift = answer["drift"]
        assert drift is not None
        assert drift["largest"] == 0.0

    async def test_only_the_cells_of_a_failing_server_name_it(self, tmp_path: Path) -> None:
        question = matrix(servers=("daphne", "uvicorn"), variants=["sync", "async"])
        answer = await self.answer(tmp_path, question, failing=("uvicorn",))
        states = {cell["lane"]: (cell["state"], cell["why"]) for cell in answer["cells"]}
        assert states["async@daphne"] == ("measured", "")
        assert states["sync@uvicorn"] == ("failed", "uvicorn did not start")
        expected = "runs failed: uvicorn did not start; its log ends: its last line"
        assert expected in answer["problem"]
        assert {cell["log_tail"] for cell in answer["cells"] if cell["state"] == "failed"} == {
            "its last line"
        }
        notes = matrix_notes(answer)
        assert "sync@uvicorn, async@uvicorn: uvicorn did not start\n    its last line" in notes
        rows = list(csv.DictReader(io.StringIO(matrix_csv(answer))))
        assert [row["state"] for row in rows].count("failed") == 2
        assert rows[0]["makespan_s"] == "0.1"

    async def test_without_its_baseline_the_others_are_compared_with_the_next_server(
        self, tmp_path: Path
    ) -> None:
        question = matrix(servers=("daphne", "uvicorn"), variants=["sync", "async"])
        answer = await self.answer(tmp_path, question, failing=("daphne",))
        assert answer["baseline"] == "sync@uvicorn"
        answers = {cell["lane"]: cell["answer"] for cell in answer["cells"]}
        assert answers["sync@uvicorn"] == "baseline"
        assert answers["async@uvicorn"] == "no-difference"
        assert answers["sync@daphne"] is None

    async def test_before_anything_is_fired_every_cell_waits(self, tmp_path: Path) -> None:
        engine = FakeEngine(hold=True)
        lab = fake_laboratory(engine, tmp_path)
        question = matrix(servers=SIX)
        experiment = await lab.experiment(question.experiment_plan)
        await engine.holding.wait()
        answer = await sync_to_async(matrix_answer)(await Experiment.objects.aget(pk=experiment.pk))
        states = [cell["state"] for cell in answer["cells"]]
        assert states.count("running") == MAX_LANES
        assert set(states) == {"running", "waiting", "refused"}
        await lab.stop(experiment)
        await lab.outcome(experiment)
        answer = await sync_to_async(matrix_answer)(await Experiment.objects.aget(pk=experiment.pk))
        assert {cell["state"] for cell in answer["cells"]} == {"not-fired", "refused"}
