"""A rate on uvloop: every request on schedule, whatever the responses do."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
import uvloop

from dashboard.engine.loads.factory import FiringDriver, make_driver
from dashboard.engine.timing.schedule import schedule
from dashboard.wire.failure import Failure
from dashboard.wire.percentile import nearest_rank
from dashboard.wire.plan.plan import Firing, Rate
from dashboard.wire.units import NS_PER_MS as MS
from tests.engine.servers.hostile import OK, Behaviour, Peer, Server, responds, serving
from tests.firing import in_order


@dataclass
class RateShot:
    """One rate: its rows in the order of their requests, its driver, and its server."""

    rows: list[dict[str, int]]
    driver: FiringDriver
    server: Server

    def errors(self) -> Counter[int]:
        return Counter(row["error"] for row in self.rows)

    def p99_ms(self, since: str) -> float:
        p99_ns = nearest_rank(sorted(row["done"] - row[since] for row in self.rows), 99.0)
        assert p99_ns is not None
        return p99_ns / MS


def firing_at(port: int, load: Rate, timeout_s: float = 30.0, seed: int = 1) -> Firing:
    return Firing(0, 1, "127.0.0.1", port, "/", load, timeout_s, seed=seed)


def shoot_rate(
    answer: Behaviour,
    load: Rate,
    *,
    aside: Callable[[FiringDriver], Awaitable[None]] | None = None,
    timeout_s: float = 30.0,
) -> RateShot:
    """Fire a rate at a server with this behaviour, on uvloop as the load generator does."""

    async def main() -> RateShot:
        async with serving(answer) as server:
            driver = make_driver(firing_at(server.port, load, timeout_s))
            beside = asyncio.ensure_future(aside(driver)) if aside else None
            await asyncio.wait_for(driver.fire(), 20)
            await driver.close()
            if beside:
                await beside
            return RateShot(rows_of(driver), driver, server)

    return uvloop.run(main())


def rows_of(driver: FiringDriver) -> list[dict[str, int]]:
    columns = driver.recorder.columns(0, driver.recorder.rows)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return sorted(rows, key=lambda row: row["request"])


def after(delay_s: float) -> Behaviour:
    """Respond to each request after `delay_s`."""

    def answer(peer: Peer, number: int) -> None:
        asyncio.get_running_loop().call_later(delay_s, peer.write, OK)

    return answer


def silent(peer: Peer, number: int) -> None:
    """Send no response."""


def test_each_request_is_due_by_the_schedule_and_none_is_sent_before() -> None:
    for poisson in (False, True):
        load = Rate(400, 0.5, poisson)
        shot = shoot_rate(responds(OK), load)
        assert [row["request"] for row in shot.rows] == list(range(200))
        assert [row["due"] for row in shot.rows] == schedule(load, 1).tolist()
        assert shot.errors() == {0: 200}
        assert all(in_order(row) for row in shot.rows)
        assert not shot.driver.stopped
        errors_ns = shot.driver.scheduling_errors_ns()
        assert errors_ns
        assert len(errors_ns) == 200
        assert errors_ns[0] >= 0


@pytest.mark.alone
def test_connections_are_reused_and_the_last_used_first() -> None:
    together: list[Peer] = []
    served: list[Peer] = []

    def first_five_at_once(peer: Peer, number: int) -> None:
        served.append(peer)
        if number >= 5:
            peer.write(OK)
            return
        together.append(peer)
        if number == 4:
            for each in together:
                each.write(OK)

    shot = shoot_rate(first_five_at_once, Rate(50, 0.8))
    assert shot.errors() == {0: 40}
    # A machine that stalls for 20 ms has two due at once, which takes a second connection.
    assert Counter(served[5:]).most_common(1)[0][1] > 17
    assert shot.server.connections < 20


@pytest.mark.alone
def test_a_slow_target_is_sent_requests_on_schedule() -> None:
    shot = shoot_rate(after(0.1), Rate(200, 0.2))
    assert shot.errors() == {0: 40}
    # Hardly any response came before the last was due: 0.1 s at 200/s is at least 20 in flight.
    assert shot.server.connections >= 18
    assert max(row["sent_first"] - row["due"] for row in shot.rows) < 100 * MS


def test_requests_that_wait_for_a_slot_keep_their_due() -> None:
    load = Rate(500, 0.1, concurrency=1)
    shot = shoot_rate(after(0.02), load)
    assert shot.server.connections == 1
    assert [row["due"] for row in shot.rows] == schedule(load, 1).tolist()
    assert shot.errors() == {0: 50}
    # One after another, 20 ms each (a timer of uvloop may ring a millisecond early).
    last = shot.rows[-1]
    assert last["done"] >= 50 * 19 * MS
    assert last["done"] - last["sent_first"] < last["done"] - last["due"] - 500 * MS
    # Only the first found a free slot.
    errors_ns = shot.driver.scheduling_errors_ns()
    assert errors_ns
    assert len(errors_ns) == 1


def test_an_idle_connection_closed_by_the_server_is_not_a_failure() -> None:
    shot = shoot_rate(responds(OK, close=True), Rate(20, 0.5))
    errors = shot.errors()
    # On a busy machine a request may be sent before the closing is read, and then has failed.
    assert errors.keys() <= {Failure.NONE, Failure.CLOSED, Failure.RESET}
    assert errors[Failure.NONE] >= 5
    assert shot.server.connections == 10


def test_unrequested_data_closes_an_idle_connection() -> None:
    def once_more(peer: Peer, number: int) -> None:
        peer.write(OK)
        asyncio.get_running_loop().call_later(0.002, peer.write, OK)

    shot = shoot_rate(once_more, Rate(10, 0.5))
    assert shot.errors() == {0: 5}
    assert shot.server.connections == 5


def test_all_requests_time_out_with_unlimited_connections() -> None:
    shot = shoot_rate(silent, Rate(200, 0.2), timeout_s=0.05)
    assert shot.errors() == {Failure.TIMEOUT: 40}
    assert all(row["done"] - row["due"] >= 50 * MS for row in shot.rows)


def test_requests_that_wait_for_a_slot_time_out() -> None:
    """Five become due each millisecond, and timeouts are checked at most once in one."""
    shot = shoot_rate(silent, Rate(5000, 0.02, concurrency=1), timeout_s=0.05)
    assert shot.errors() == {Failure.TIMEOUT: 100}
    assert all(row["done"] - row["due"] >= 50 * MS for row in shot.rows)
    assert sum(1 for row in shot.rows if row["sent_first"] == -1) > 0


def test_stop_records_exactly_the_requests_that_were_due() -> None:
    async def stop(driver: FiringDriver) -> None:
        await fourth.wait()
        driver.stop()

    def never(peer: Peer, number: int) -> None:
        if number == 3:
            fourth.set()

    fourth = asyncio.Event()
    shot = shoot_rate(never, Rate(100, 60, concurrency=4), aside=stop)
    assert shot.driver.stopped
    assert [row["request"] for row in shot.rows] == list(range(len(shot.rows)))
    assert set(shot.errors()) == {Failure.ABORTED}
    assert 4 <= len(shot.rows) < 3000
    assert all(row["due"] <= row["done"] for row in shot.rows)


def test_stopped_before_it_begins_only_the_first_was_due() -> None:
    async def main() -> list[dict[str, int]]:
        driver = make_driver(firing_at(1, Rate(1, 10)))
        driver.stop()
        await asyncio.wait_for(driver.fire(), 5)
        await driver.close()
        return rows_of(driver)

    assert [row["error"] for row in uvloop.run(main())] == [Failure.ABORTED]


def test_a_refused_connection_is_a_row() -> None:
    async def main(port: int) -> list[dict[str, int]]:
        driver = make_driver(firing_at(port, Rate(500, 0.1)))
        await asyncio.wait_for(driver.fire(), 20)
        await driver.close()
        return rows_of(driver)

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # without listening
        rows = uvloop.run(main(taken.getsockname()[1]))
    assert Counter(row["error"] for row in rows) == {Failure.REFUSED: 50}


class Stalling:
    """Responds at once, but not for `stall_s` after request number `first`."""

    def __init__(self, first: int, stall_s: float) -> None:
        self.first, self.stall_s = first, stall_s
        self.waiting: list[Peer] | None = None

    def __call__(self, peer: Peer, number: int) -> None:
        if number == self.first:
            self.waiting = []
            asyncio.get_running_loop().call_later(self.stall_s, self._go_on)
        if self.waiting is None:
            peer.write(OK)
        else:
            self.waiting.append(peer)

    def _go_on(self) -> None:
        for peer in self.waiting or ():
            peer.write(OK)
        self.waiting = None


@pytest.mark.alone
def test_coordinated_omission() -> None:
    """A stall of 0.6 s, once in 3 s, at 300/s: what users see, and what a pool hides.

    180 requests become due during the stall, and the k-th of them waits 0.6 s − k / 300. The
    99th percentile of 900 is the ninth from above, so the response time's is 0.57 s. With two
    connections two requests were sent and stalled; the other 178 waited in the client, whose
    service time begins when they are sent. Two of 900 do not reach a p99.
    """
    shot = shoot_rate(Stalling(300, 0.6), Rate(300, 3, concurrency=2))
    assert shot.errors() == {0: 900}
    assert shot.p99_ms("due") > 500
    assert shot.p99_ms("sent_first") < 250
    assert shot.server.connections <= 2


def test_without_a_pool_the_service_time_includes_the_stall() -> None:
    shot = shoot_rate(Stalling(100, 0.3), Rate(300, 1))
    assert shot.errors() == {0: 300}
    assert shot.p99_ms("due") > 250
    assert shot.p99_ms("sent_first") > 150
    assert shot.server.connections > 30  # at least a third of the 90 that became due
