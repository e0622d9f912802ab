"""A sweep: levels, validation, bisection with an engine that replays a pool, its answer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import Experiment, Status
from dashboard.runs.experiments.sweep import Sweep, make_sweep
from dashboard.runs.experiments.sweep_axis import Axis
from dashboard.runs.experiments.sweep_table import sweep_answer, sweep_csv
from dashboard.wire import frame
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.experiments.sweep import SweepAnswer
from dashboard.wire.plan.plan import Burst, Firing, Rate
from tests.runs.fakes import ORIGIN_NS, FakeEngine, FakeTargets, fake_laboratory, samples

PROJECT = FakeTargets().project
FIVE = [f"sync@waitress:threads={threads}" for threads in range(1, 6)]
PAIR = ("sync@gunicorn-gthread", "async@uvicorn")


def sweep(over: str = "concurrency=1..64", **more: Any) -> Sweep:
    return make_sweep(PROJECT, scenario="sleep", over=over, **{"lanes": PAIR, **more})


class Pools(FakeEngine):
    """Its total times are those of theory; `of_lane` returns the size of a lane's pool."""

    def __init__(self, of_lane: Callable[[Firing], int]) -> None:
        super().__init__()
        self._of_lane = of_lane

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        label: dict[str, Any] = {
            "lane": firing.lane, "round": firing.round, "origin_ns": ORIGIN_NS
        }  # fmt: skip
        yield frame.encode_event({"event": "began", "origin_ns": ORIGIN_NS})
        at_a_time = min(firing.load.concurrency, self._of_lane(firing))
        length_ms = 100 * ceil(firing.load.requests / at_a_time) + firing.round % 2
        columns = samples(firing.load.requests, length_ms)
        yield frame.encode("samples", columns=columns, **label)
        yield frame.encode_event({"event": "fired", "wall_ns": 10**8, "cpu_ns": 10**7})


@pytest.mark.parametrize(
    ("over", "number", "expected"),
    [
        ("concurrency=1..64", None, (1, 2, 4, 8, 16, 32, 64)),
        ("concurrency=1..4", None, (1, 2, 3, 4)),
        ("concurrency=1..512", 4, (1, 8, 64, 512)),
        ("rate=10..80", 4, (10, 20, 40, 80)),
        ("delay=0..1", 3, (0, 0.5, 1)),
    ],
)
def test_levels_are_geometric_with_both_ends(
    over: str, number: int | None, expected: tuple[float, ...]
) -> None:
    answer = Axis.parse(PROJECT, "sleep", over).levels(number)
    assert answer == pytest.approx(expected)
    assert (answer[0], answer[-1]) == (expected[0], expected[-1])


def test_the_plan_of_a_level() -> None:
    assert sweep().plan_at(64).load == Burst(320, 64)
    assert sweep().plan_at(1).load == Burst(10, 1)
    assert sweep(requests=100).plan_at(16).load == Burst(100, 16)
    assert sweep("rate=10..80", duration_s=2).plan_at(40).load == Rate(40, 2)
    assert sweep("delay=0.1..0.8").plan_at(0.4).parameters == {"delay": 0.4}
    for requested in (sweep(), sweep("rate=10..80"), sweep("delay=0.1..0.8")):
        for level in requested.levels:
            assert requested.axis.level_of(requested.plan_at(level)) == level
        assert Sweep.from_json(json.loads(json.dumps(requested.to_json()))) == requested


@pytest.mark.parametrize(
    ("over", "more", "words"),
    [
        ("threads=1..8", {}, "over: expected one of concurrency, rate, delay"),
        ("concurrency", {}, "over: expected NAME=LOW..HIGH"),
        ("concurrency=1", {}, "over: expected NAME=LOW..HIGH"),
        ("concurrency=8..1", {}, "over: expected 1 <= LOW < HIGH"),
        ("concurrency=0..8", {}, "over: expected 1 <= LOW"),
        ("concurrency=1.5..8", {}, "over: expected whole numbers"),
        ("concurrency=1..100000", {}, "over: expected 1 <= LOW < HIGH <= 10000"),
        ("concurrency=1..9000", {}, "over: expected at most 1,000,000 requests"),
        ("rate=nan..8", {}, "over: expected 0.1 <= LOW"),
        ("delay=0.1..inf", {}, "over: expected 0 <= LOW"),
        ("delay=0.1..11", {}, "parameters.delay: expected 0 to 10 s"),
        ("concurrency=1..64", {"rounds": 3}, "rounds: expected 5 or more"),
        ("concurrency=1..64", {"levels": 2}, "levels: expected 3 to 24"),
        ("concurrency=1..64", {"concurrency": 8}, "concurrency: cannot be combined"),
        ("concurrency=1..64", {"duration_s": 8}, "duration: can only be combined"),
        ("rate=1..64", {"requests": 8}, "requests: cannot be combined with a rate"),
        ("concurrency=1..64", {"requests": 10}, "concurrency: expected at most the 10 requests"),
        ("concurrency=1..64", {"lanes": ["sync"]}, "lanes: expected VARIANT@SERVER"),
        ("concurrency=1..8", {"lanes": FIVE}, "lanes: expected at most 4 lanes, found 5"),
    ],
)
def test_invalid_sweeps_are_refused_by_field(over: str, more: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidPlan, match=words):
        sweep(over, **more)


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(InvalidPlan, match="scenario: expected one of sleep"):
        make_sweep(PROJECT, scenario="nothing", over="rate=1..2")


@pytest.mark.django_db(transaction=True)
class TestAnswer:
    """The answer of a sweep."""

    async def answer(
        self, tmp_path: Path, requested: Sweep, engine: FakeEngine, failing: tuple[str, ...] = ()
    ) -> SweepAnswer:
        lab = fake_laboratory(engine, tmp_path, FakeTargets(failing=failing))
        experiment = await lab.experiment(requested.experiment_plan)
        await lab.outcome(experiment)
        return await sync_to_async(sweep_answer)(await Experiment.objects.aget(pk=experiment.pk))

    async def test_a_pool_of_eight_falls_behind_from_nine_on(self, tmp_path: Path) -> None:
        engine = Pools(lambda firing: 8 if firing.lane == 0 else 10_000)
        answer = await self.answer(tmp_path, sweep(), engine)
        json.dumps(answer)
        (crossing,) = answer["crossovers"]
        assert (crossing["answer"], crossing["interval"], crossing["theory_from"]) == (
            "crosses",
            [9, 9],
            9,
        )
        assert crossing["sentence"].startswith(
            "From 9 concurrent requests, async@uvicorn is faster"
        )
        assert crossing["sentence"].endswith("In theory from 9 concurrent requests on.")
        at = [level["at"] for level in answer["levels"]]
        assert at == [1, 2, 4, 8, 9, 11, 16, 32, 64]
        assert answer["planned"] == [1, 2, 4, 8, 16, 32, 64]
        last = answer["levels"][-1]["lanes"]
        assert [lane["theory_rps"] for lane in last] == pytest.approx([80, 640])
        assert last[0]["throughput_rps"] == pytest.approx(80, rel=0.01)
        assert answer["families"] == {PAIR[0]: "sync", PAIR[1]: "async"}
        rows = list(csv.DictReader(io.StringIO(sweep_csv(answer))))
        assert len(rows) == 2 * len(at)
        assert rows[-1]["standing"] == "ahead"

    async def test_lanes_that_are_alike_need_only_the_requested_levels(
        self, tmp_path: Path
    ) -> None:
        answer = await self.answer(tmp_path, sweep(), Pools(lambda firing: 8))
        assert [level["at"] for level in answer["levels"]] == answer["planned"]
        assert answer["crossovers"][0]["answer"] == "none"
        assert "No crossover in this range" in answer["sentence"]

    async def test_two_failures_in_a_row_end_it(self, tmp_path: Path) -> None:
        answer = await self.answer(tmp_path, sweep(), FakeEngine(), failing=("uvicorn",))
        assert [level["status"] for level in answer["levels"]] == [Status.FAILED] * 2
        assert answer["status"] == Status.FAILED
        assert answer["problem"].startswith("2 of 2 runs failed: uvicorn did not start")
        assert answer["crossovers"][0]["answer"] == "undecided"

    async def test_there_is_an_answer_before_the_first_level(self, tmp_path: Path) -> None:
        engine = FakeEngine(hold=True)
        lab = fake_laboratory(engine, tmp_path)
        three = (*PAIR, "async@daphne")  # two comparisons, and neither has a result yet
        experiment = await lab.experiment(sweep(lanes=three).experiment_plan)
        await engine.holding.wait()
        answer = await sync_to_async(sweep_answer)(await Experiment.objects.aget(pk=experiment.pk))
        assert answer["levels"] == []
        assert answer["running"]
        assert answer["sentence"] == ""
        await lab.stop(experiment)
        await lab.outcome(experiment)
