"""A burst on uvloop against well-behaved servers: how many, in what order, how long."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from math import ceil

import pytest
import uvloop

from dashboard.engine.loads.burst import BurstDriver
from dashboard.engine.loads.driver import connect_failure
from dashboard.wire.failure import Failure
from dashboard.wire.plan.request_mode import PLAIN, RequestMode
from dashboard.wire.units import NS_PER_S
from tests.engine.servers.hostile import OK, Peer, responds, rows_of, serving, shoot
from tests.firing import burst as firing_at
from tests.firing import in_order
from tests.targets.helpers import descriptors

TEN_S = 10 * NS_PER_S


@pytest.mark.parametrize(("requests", "concurrency"), [(1, 1), (50, 1), (50, 7), (300, 300)])
def test_every_request_has_one_row_and_connections_are_reused(
    requests: int, concurrency: int
) -> None:
    shot = shoot(responds(OK), requests, concurrency)
    assert sorted(row["request"] for row in shot.rows) == list(range(requests))
    assert {(row["status"], row["error"]) for row in shot.rows} == {(200, 0)}
    assert all(in_order(row) for row in shot.rows)
    assert shot.server.connections == concurrency


def test_the_first_requests_are_due_at_the_origin_and_others_when_a_slot_is_free() -> None:
    shot = shoot(responds(OK), 30, 3)
    first, later = shot.rows[:], [row for row in shot.rows if row["request"] >= 3]
    assert [row["due"] for row in first if row["request"] < 3] == [0, 0, 0]
    done = {row["done"] for row in shot.rows}
    assert all(row["due"] in done for row in later)
    assert {row["connecting"] for row in later} == {-1}
    assert all(0 <= row["connecting"] <= row["sent_first"] for row in first if not row["due"])


class Slots:
    """Serves `count` requests at once, each for `time_s`; the others wait."""

    def __init__(self, count: int, time_s: float) -> None:
        self.free, self.time_s, self.peak = count, time_s, 0
        self.waiting: deque[Peer] = deque()
        self.inside = 0

    def __call__(self, peer: Peer, number: int) -> None:
        self.inside += 1
        self.peak = max(self.peak, self.inside)
        self.waiting.append(peer)
        self._serve()

    def _serve(self) -> None:
        if self.free and self.waiting:
            self.free -= 1
            peer = self.waiting.popleft()
            asyncio.get_running_loop().call_later(self.time_s, self._answer, peer)

    def _answer(self, peer: Peer) -> None:
        self.free += 1
        self.inside -= 1
        peer.write(OK)
        self._serve()


@pytest.mark.parametrize(
    ("requests", "concurrency", "slots"), [(12, 12, 3), (12, 4, 12), (7, 7, 1)]
)
def test_makespan_agrees_with_theory(requests: int, concurrency: int, slots: int) -> None:
    server = Slots(slots, 0.02)
    shot = shoot(server, requests, concurrency)
    least_s = ceil(requests / min(slots, concurrency)) * 0.02
    # uvloop's timers have whole milliseconds, and may ring one early.
    assert max(row["done"] for row in shot.rows) / 1e9 >= least_s * 0.9
    assert server.peak <= concurrency


def test_stop_aborts_what_is_in_flight_and_only_that() -> None:
    async def stop_when_half_are_answered(burst: BurstDriver) -> None:
        await half.wait()
        burst.stop()

    def answers_ten(peer: Peer, number: int) -> None:
        if number < 10:
            peer.write(OK)
        elif number == 14:  # five were sent and get no response
            half.set()

    half = asyncio.Event()
    shot = shoot(answers_ten, 1000, 5, aside=stop_when_half_are_answered)
    assert shot.burst.stopped
    assert [row["error"] for row in shot.rows] == [0] * 10 + [Failure.ABORTED] * 5
    assert sorted(row["request"] for row in shot.rows) == list(range(15))


def test_stop_before_the_first_connection_records_what_was_due() -> None:
    async def stop(burst: BurstDriver) -> None:
        await asyncio.sleep(0)  # the burst's first turn
        burst.stop()

    shot = shoot(responds(OK), 5000, 1000, aside=stop)
    assert [row["error"] for row in shot.rows] == [Failure.ABORTED] * 1000
    assert shot.server.connections <= 16  # started in the loop's first turn


def test_stopped_before_it_begins_nothing_is_due() -> None:
    async def main() -> BurstDriver:
        burst = BurstDriver(firing_at(1, "/", 100, 10))
        burst.stop()
        await asyncio.wait_for(burst.fire(), 5)
        await burst.close()
        return burst

    assert rows_of(uvloop.run(main())) == []


@pytest.mark.parametrize("mode", [PLAIN, RequestMode(poll_every_ms=5), RequestMode(chunks=True)])
def test_stamps_count_from_an_origin_set_later(mode: RequestMode) -> None:
    """Load generators that share a firing are given an origin after they have made their driver."""

    async def main() -> BurstDriver:
        async with serving(responds(OK)) as server:
            burst = BurstDriver(firing_at(server.port, "/", 3, 1, request_mode=mode))
            burst.set_origin(burst.origin_ns - TEN_S)
            await asyncio.wait_for(burst.fire(), 20)
            await burst.close()
            return burst

    rows = rows_of(uvloop.run(main()))
    assert {row["error"] for row in rows} == {Failure.NONE}
    assert all(row["sent_first"] >= TEN_S for row in rows)


def test_a_refused_connection_is_a_row() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # without listening
        burst = _fire_at(taken.getsockname()[1], 2000, 100)
    rows = rows_of(burst)
    assert sorted(row["request"] for row in rows) == list(range(2000))
    assert {row["error"] for row in rows} == {Failure.REFUSED}
    assert {(row["sent_first"], row["sent"], row["first_byte"]) for row in rows} == {(-1, -1, -1)}
    assert all(row["due"] <= row["connecting"] <= row["done"] for row in rows)


def test_a_full_backlog_times_out_and_leaves_no_socket_behind() -> None:
    before = descriptors()
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        rows = rows_of(_fire_at(full.getsockname()[1], 20, 10, timeout_s=0.05))
    assert {row["error"] for row in rows} == {Failure.TIMEOUT}
    assert len(rows) == 20
    assert all(row["done"] - row["due"] >= 50_000_000 for row in rows)
    assert -1 in {row["sent_first"] for row in rows}, "expected some that never connected"
    assert descriptors() == before


def _fire_at(port: int, requests: int, concurrency: int, **more: object) -> BurstDriver:
    async def main() -> BurstDriver:
        burst = BurstDriver(firing_at(port, "/", requests, concurrency, **more))
        await asyncio.wait_for(burst.fire(), 20)
        await burst.close()
        return burst

    return uvloop.run(main())


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (ConnectionRefusedError(111, ""), Failure.REFUSED),
        (ConnectionResetError(104, ""), Failure.RESET),
        (OSError(24, "too many open files"), Failure.NO_DESCRIPTORS),
        (OSError(113, "no route to host"), Failure.UNREACHABLE),
        (ValueError("anything"), Failure.UNREACHABLE),
    ],
)
def test_why_a_connection_failed(error: Exception, failure: Failure) -> None:
    assert connect_failure(error) is failure
