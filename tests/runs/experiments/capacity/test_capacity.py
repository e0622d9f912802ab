"""A capacity: its question, the search and the bisection with an engine that replays a pool."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import Experiment, Status
from dashboard.runs.experiments.capacity.answer import capacity_answer, capacity_csv
from dashboard.runs.experiments.capacity.question import Capacity, make_capacity
from dashboard.runs.experiments.capacity.steps import capacity_experiment
from dashboard.runs.resources import Target
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.events import TargetState
from dashboard.wire.experiments.capacity import CapacityAnswer
from dashboard.wire.plan.plan import Burst, Firing, Lane, Rate
from tests.runs.fakes import FakeEngine, FakeTargets, fake_laboratory

PROJECT = FakeTargets().project
LANE = "sync@gunicorn-gthread"
EIGHT = f"{LANE}:processes=1,threads=8"
ALONE_MS, LATE_MS = 20, 500
HELD_PER_THREAD = 45.0  # requests per second; the model predicts a little more for 20 ms each


def capacity(**more: Any) -> Capacity:
    options = {"rate_rps": 300, "p95_ms": 100, "duration_s": 1, "lanes": [LANE], **more}
    return make_capacity(PROJECT, scenario="sleep", **options)


class Served(FakeTargets):
    """Remembers which server a run is fired at."""

    serving = ""

    async def ready(
        self,
        server: str,
        on_event: Callable[[TargetState, str], None],
        scenario: str | None = None,
        login: bool = False,
    ) -> Target:
        self.serving = server
        return await super().ready(server, on_event, scenario, login)


class Pools(FakeEngine):
    """Is late at a rate that the threads of its server do not hold; `near` is by how much."""

    def __init__(self, targets: Served, held_per_thread: float, near: float = 0.0) -> None:
        super().__init__(length_ms=self._length_at)
        self._targets = targets
        self._held_per_thread = held_per_thread
        self._near = near

    def _length_at(self, firing: Firing) -> int:
        if not isinstance(firing.load, Rate):
            return ALONE_MS
        held = self._held_per_thread
        for name in ("processes", "threads"):
            setting = re.search(rf"{name}=(\d+)", self._targets.serving)
            held *= int(setting[1]) if setting else 1
        held *= 1 + self._near * (firing.round - 2)
        return ALONE_MS if firing.load.rate_rps <= held else LATE_MS


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"rate_rps": 0.5}, "rate: expected 1 to 10000"),
        ({"rate_rps": float("nan")}, "rate: expected 1 to 10000"),
        ({"p95_ms": 0}, "p95: expected 0.1 to 60000 ms"),
        ({"error_share": 0.6}, "error: expected 0 to 0.5"),
        ({"memory_mb": 0}, "memory: expected 1 to"),
        ({"rounds": 2}, "rounds: expected 3 to 10"),
        ({"duration_s": 0.5}, "duration: expected 1 to 60 s"),
        ({"lanes": ["sync"]}, "lanes: expected VARIANT@SERVER"),
        ({"lanes": ["sync@apache"]}, "expected a server"),
        ({"lanes": ["async@gunicorn-gevent"]}, "cannot work under"),
        ({"parameters": {"delay": 11}}, "parameters.delay: expected 0 to 10 s"),
        ({"rate_rps": 10_000, "duration_s": 60}, "duration: expected at most"),
        ({"rate_rps": 19}, "duration: expected 20 requests in each round"),
        ({"rate_rps": 5000, "duration_s": 4}, "duration: expected at most 1,000,000 requests"),
    ],
)
def test_an_impossible_question_is_refused_by_field(more: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidPlan, match=words):
        capacity(**more)


def test_processes_and_threads_are_varied_and_other_settings_kept() -> None:
    (ladder,) = capacity(lanes=["sync@gunicorn-gthread:backlog=256"]).ladders
    assert str(ladder.alone) == "sync@gunicorn-gthread:backlog=256"
    lanes = [str(each.lane) for each in ladder.configurations]
    assert "sync@gunicorn-gthread:backlog=256,processes=2,threads=16" in lanes
    assert len(lanes) == len(set(lanes)) == 4 * 7
    (loop,) = capacity(lanes=["async@uvicorn"]).ladders
    assert {each.threads for each in loop.configurations} == {None}


def test_all_runs_together_have_a_limit() -> None:
    question = capacity(rate_rps=3000, duration_s=4)
    searched, bisected = 5 * 3 * 4 * 3000, 14 * 3 * 4 * question.most_rps
    assert 0.99 * 1_000_000 < searched + bisected <= 1_000_000
    assert question.least_rps == 5
    assert capacity().most_rps == 10_000


def test_the_question_is_stored_as_json() -> None:
    question = capacity(memory_mb=2048)
    assert Capacity.from_json(json.loads(json.dumps(question.to_json()))) == question
    lane = Lane.parse(EIGHT)
    assert question.plan_at(lane, 250).load == Rate(250, 1, poisson=True)
    assert question.plan_alone(question.ladders[0]).load == Burst(7, 1)


@pytest.mark.django_db(transaction=True)
class TestAnswer:
    """The answer, with an engine that replays."""

    async def answer(
        self,
        tmp_path: Path,
        question: Capacity,
        held_per_thread: float = HELD_PER_THREAD,
        near: float = 0.0,
        failing: tuple[str, ...] = (),
    ) -> CapacityAnswer:
        targets = Served(failing=failing)
        engine = Pools(targets, held_per_thread, near)
        lab = fake_laboratory(engine, tmp_path, targets)
        experiment = await lab.experiment(capacity_experiment(question))
        await lab.outcome(experiment)
        stored = await Experiment.objects.aget(pk=experiment.pk)
        return await sync_to_async(capacity_answer)(stored)

    async def test_the_least_that_holds_is_found_and_bisected(self, tmp_path: Path) -> None:
        answer = await self.answer(tmp_path, capacity())
        json.dumps(answer.to_json())
        assert answer.status == Status.FINISHED
        assert answer.best == EIGHT
        best = answer.candidate(EIGHT)
        assert best
        assert best.state == "holds"
        assert best.low_rps
        assert best.high_rps
        assert best.low_rps <= 8 * HELD_PER_THREAD < best.high_rps <= 1.051 * best.low_rps
        cheaper = answer.candidates[answer.candidates.index(best) - 1]
        assert (cheaper.state, cheaper.threads) == ("fails", 4)
        assert answer.sentence.startswith(f"{LANE}, 1 × 8 threads: holds ")
        assert "at p95 ≤ 100 ms" in answer.sentence
        assert f"{LANE}, 1 × 4 threads does not hold 300/s: p95 500 ms." in answer.sentence
        rows = list(csv.DictReader(io.StringIO(capacity_csv(answer))))
        assert len(rows) == sum(len(each.tried) for each in answer.candidates)

    async def test_a_prediction_that_was_too_low_is_corrected_downwards(
        self, tmp_path: Path
    ) -> None:
        answer = await self.answer(tmp_path, capacity(), held_per_thread=90)
        best = answer.candidate(answer.best)
        assert best
        assert best.threads == 4
        assert best.low_rps
        assert best.low_rps <= 360

    async def test_if_nothing_holds_the_answer_is_how_much_the_largest_does(
        self, tmp_path: Path
    ) -> None:
        answer = await self.answer(tmp_path, capacity(), held_per_thread=1)
        assert answer.best is None
        largest = answer.candidate(answer.largest)
        assert largest
        assert largest.low_rps
        assert largest.low_rps < 300
        assert answer.sentence.startswith("No configuration that was fired holds 300/s.")

    async def test_no_rate_is_held_if_a_request_alone_takes_longer(self, tmp_path: Path) -> None:
        answer = await self.answer(tmp_path, capacity(p95_ms=10))
        (only,) = answer.candidates
        assert (only.processes, only.threads, only.state) == (1, 1, "fails")
        assert (only.low_rps, only.high_rps, only.knee) == (None, 20, "alone")
        assert answer.sentence == (
            "No configuration that was fired holds 300/s. The largest, sync@gunicorn-gthread,"
            " 1 × 1 thread: does not hold 20/s at p95 ≤ 10 ms; a request alone takes longer."
        )

    async def test_rounds_that_differ_widen_the_interval(self, tmp_path: Path) -> None:
        answer = await self.answer(tmp_path, capacity(), near=0.08)
        best = answer.candidate(answer.best)
        assert best
        assert best.low_rps
        assert best.high_rps
        undecided = [tried.rate_rps for tried in best.tried if tried.held is None]
        assert undecided
        assert all(best.low_rps < rate < best.high_rps for rate in undecided)
        assert best.low_rps <= 8 * HELD_PER_THREAD * 0.92
        assert best.high_rps > 8 * HELD_PER_THREAD * 1.08

    async def test_a_server_that_does_not_start_leaves_no_answer(self, tmp_path: Path) -> None:
        answer = await self.answer(tmp_path, capacity(), failing=("gunicorn-gthread",))
        assert answer.status == Status.FAILED
        assert answer.candidates == ()
        assert (answer.best, answer.sentence) == (None, "")
        assert "did not start" in answer.problem

    async def test_there_is_an_answer_before_the_first_rate(self, tmp_path: Path) -> None:
        engine = FakeEngine(hold=True)
        lab = fake_laboratory(engine, tmp_path)
        experiment = await lab.experiment(capacity_experiment(capacity()))
        await engine.holding.wait()
        stored = await Experiment.objects.aget(pk=experiment.pk)
        answer = await sync_to_async(capacity_answer)(stored)
        assert answer.candidates == ()
        assert answer.running
        await lab.stop(experiment)
        await lab.outcome(experiment)
