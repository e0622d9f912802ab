"""The cost of a bystander request: batches of them alone, less the usage at rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count, cycle

import pytest

from dashboard.runs.conduct.firing import bystander_cost
from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.plan.bystander import bystander_firing
from dashboard.wire.plan.plan import Burst, Firing
from dashboard.wire.units import NS_PER_MS as MS
from tests.runs.fakes import FakeEngine, FakeTarget, samples

PER_S = {"cpu": 20 * MS, "switches": 300, "threads_started": 0}  # of a target at rest
WORKER, MASTER = 7, 8
FIRING = bystander_firing(
    Firing(0, 0, "127.0.0.1", 1, "/load", Burst(1, 1), 30.0), "/ping/?own=1", bystander_cost.LOAD
)


class Played(FakeTarget):
    """A target with a simulated clock: a firing lasts 0.2 s, each request uses a given amount."""

    def __init__(self, engine: FakeEngine, each_ms: Iterator[float]) -> None:
        super().__init__("played")
        self.engine = engine
        self.each_ms = each_ms
        self.at = 0
        self.counts = {"cpu": 10**9, "switches": 10**6, "threads_started": 0}
        self.requests = 0

    async def begin(self, firing: int) -> bool:
        self.asked = len(self.engine.fired)
        self.requests = 0
        return await super().begin(firing)

    async def end(self, firing: int, *, quiet_timeout_s: float) -> bool:
        self.at += 200 * MS
        for name, per_s in PER_S.items():
            self.counts[name] += per_s // 5
        for fired in self.engine.fired[self.asked :]:
            self.requests += fired.load.requests
            self.counts["cpu"] += int(next(self.each_ms) * MS * fired.load.requests)
            self.counts["switches"] += 26 * fired.load.requests
        self.ended = True
        return await super().end(firing, quiet_timeout_s=quiet_timeout_s)

    def take_rows(self, origin_ns: int) -> list[dict[str, int]]:
        worker = {"at": self.at, "process": WORKER, "neighbour_requests": self.requests}
        return [{**worker, **self.counts}, {"at": self.at, "process": MASTER, "cpu": 5}]


class Rows(Played):
    """The same, with a row from before each firing, as real targets have."""

    async def begin(self, firing: int) -> bool:
        begun = await super().begin(firing)
        self.before = super().take_rows(0)
        return begun

    def take_rows(self, origin_ns: int) -> list[dict[str, int]]:
        return [*self.before, *super().take_rows(origin_ns)]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not sleep: the target's clock is simulated."""
    monkeypatch.setattr(bystander_cost, "REST_S", 0)
    monkeypatch.setattr(bystander_cost, "AFTER_S", 0)


async def test_usage_at_rest_is_not_charged_to_the_bystander() -> None:
    engine = FakeEngine()
    cost = await bystander_cost.measure(Rows(engine, cycle([3.0])), engine, FIRING, count(1))
    assert cost is not None
    assert cost.cpu.value == pytest.approx(3 * MS)
    assert cost.cpu.uncertainty == pytest.approx(0, abs=1)
    assert cost.switches.value == pytest.approx(26)
    assert cost.threads.value == 0
    assert {fired.path for fired in engine.fired} == {"/ping/?own=1&liveburst-neighbour"}


async def test_the_interval_is_that_of_the_batches() -> None:
    engine = FakeEngine()
    each_ms = iter([2.0, 3.0, 4.0, 3.0, 3.0])
    cost = await bystander_cost.measure(Rows(engine, each_ms), engine, FIRING, count(1))
    assert cost is not None
    assert cost.cpu.value == pytest.approx(3 * MS)
    assert cost.cpu.uncertainty == pytest.approx(2.776 * 0.7071 / 5**0.5 * MS, rel=1e-3)


class Failing(FakeEngine):
    """Its requests get no response."""

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        async for payload in super().fire(firing):
            if not frame.is_event(payload) and frame.decode(payload).kind == "samples":
                columns = dict(samples(firing.load.requests))
                rows = range(firing.load.requests)
                error = frame.rows_to_columns(
                    "samples", [{"request": n, "status": 0, "error": Failure.TIMEOUT} for n in rows]
                )
                yield frame.encode(
                    "samples", lane=0, round=0, origin_ns=0, columns={**columns, **error}
                )
            else:
                yield payload


async def test_the_cost_of_an_unanswered_bystander_is_unknown() -> None:
    engine = Failing()
    assert (
        await bystander_cost.measure(Rows(engine, cycle([3.0])), engine, FIRING, count(1)) is None
    )


async def test_without_counters_nothing_is_fired() -> None:
    engine = FakeEngine()
    assert await bystander_cost.measure(FakeTarget("s"), engine, FIRING, count(1)) is None
    assert engine.fired == []
