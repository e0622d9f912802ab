"""The dashboard's end of the health datagrams, with a fake probe."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from dashboard.targets.observe.connections import merge_connections
from dashboard.targets.observe.health import Health
from dashboard.wire.frame import COLUMNS
from tests.targets.helpers import until_async

COUNTS = {
    "in_app": 2,
    "in_view": 1,
    "peak_in_app": 3,
    "peak_in_view": 2,
    "requests": 9,
    "loop_lag": 1000,
    "loop_held": 500,
    "threads_started": 4,
    "switches": 50,
    "loop_held_by": 1,
    "loop_in_view": 400,
    "loop_in_app": 90,
    "loop_elsewhere": 0,
    "neighbour_requests": 3,
    "neighbour_threads_started": 6,
    "connections_open": 2,
    "connections_waiting": 1,
}


# Computes a moment, so that it has used CPU time, and then waits.
WAITING = "print(sum(range(10**6)), flush=True); input()"


@pytest.fixture(scope="module")
def member() -> Iterator[int]:
    """The id of a process without children: this one's are also those of other modules."""
    command = [sys.executable, "-c", WAITING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.communicate(b"\n")


class FakeProbe:
    """A probe that reports as another process, so that /proc has readings of it."""

    def __init__(self, health: Health, process: int) -> None:
        self.process = process
        host, _, port = health.environment["LIVEBURST_HEALTH"].rpartition(":")
        self.token = health.token
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, int(port)))
        self.socket.setblocking(False)

    def send(self, **message: Any) -> None:
        message = {"token": self.token, "process": self.process, **message}
        self.socket.send(json.dumps(message).encode())

    def hello(self) -> None:
        self.send(type="hello", interface="asgi", versions={"python": "3"})

    def report(self, firing: int, *, final: bool = False, age_ns: int = 0, **counts: Any) -> None:
        at = time.monotonic_ns() - age_ns
        self.send(type="report", firing=firing, final=final, at=at, **{**COUNTS, **counts})

    async def receive(self) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        message: dict[str, Any] = json.loads(await loop.sock_recv(self.socket, 65536))
        return message


@pytest.fixture
async def health() -> AsyncIterator[Health]:
    health = await Health.open()
    yield health
    health.close()


@pytest.fixture
async def probe(health: Health, member: int) -> AsyncIterator[FakeProbe]:
    probe = FakeProbe(health, member)
    yield probe
    probe.socket.close()


async def begun(health: Health, probe: FakeProbe, firing: int = 1) -> None:
    """A firing that the probe has answered."""
    probe.hello()
    assert await health.first_probe(1)
    beginning = asyncio.create_task(health.begin(firing, probe.process))
    order = await probe.receive()
    assert (order["type"], order["firing"]) == ("begin", firing)
    probe.report(firing)
    assert await beginning


async def test_a_row_joins_the_report_with_proc(health: Health, probe: FakeProbe) -> None:
    origin = time.monotonic_ns()
    await begun(health, probe)
    (row,) = health.take_rows(origin)
    assert row.keys() == COLUMNS["health"].keys()
    assert 0 <= row["at"] < 1_000_000_000
    assert row["process"] == probe.process
    assert row["peak_in_app"] == 3
    assert row["rss"] > 1_000_000
    assert health.take_rows(origin) == []


async def test_the_last_row_before_the_origin_is_moved_to_it(
    health: Health, probe: FakeProbe
) -> None:
    await begun(health, probe)
    probe.report(1, requests=10)
    assert await until_async(lambda: len(health._rows) == 2)
    (row,) = health.take_rows(time.monotonic_ns())
    assert (row["at"], row["requests"]) == (0, 10)
    assert health.take_rows(time.monotonic_ns()) == []


async def test_the_first_and_the_last_report_are_joined_with_proc_even_if_late(
    health: Health, probe: FakeProbe
) -> None:
    await begun(health, probe)
    health.take_rows(0)
    ending = asyncio.create_task(health.end(1, quiet_timeout_s=2))
    await probe.receive()
    probe.report(1, final=True, age_ns=1_000_000_000, in_app=0, in_view=0)
    assert await ending
    assert health.take_rows(0)[-1]["cpu"] > 0


async def test_the_executor_is_kept_from_when_its_queue_was_longest(
    health: Health, probe: FakeProbe
) -> None:
    await begun(health, probe)
    assert health.executor is None
    for queued in (3, 9, 1):
        probe.report(1, executor=[6, 6, queued])
    assert await until_async(lambda: len(health._rows) == 4)
    assert health.executor == {"limit": 6, "threads": 6, "queued": 9}
    beginning = asyncio.create_task(health.begin(2, probe.process))
    await probe.receive()
    probe.report(2)
    await beginning
    assert health.executor is None


DEFAULT: dict[str, Any] = {
    "alias": "default", "opened": 9, "open": 3, "most_open": 5, "beside": 1, "collected": 2,
    "leaked": 2, "most_waiting": 4, "waited_ns": 90_000_000, "longest_wait_ns": 30_000_000,
    "max_age_s": None, "can_pool": True, "vendor": "postgresql", "established": 4, "pool": None,
}  # fmt: skip
POOL = {"limit": 4, "size": 4, "waiting": 7, "queued": 8, "wait_ms": 400, "opened": 4}


async def test_the_connections_of_a_firing_are_those_of_its_last_report(
    health: Health, probe: FakeProbe
) -> None:
    await begun(health, probe)
    assert health.connections == []
    pooled = {**DEFAULT, "alias": "pooled", "pool": POOL}
    later = {**pooled, "opened": 12, "pool": {**POOL, "size": 2, "waiting": 0, "queued": 9}}
    probe.report(1, connections=[pooled])
    probe.report(1, connections=[later, DEFAULT])
    assert await until_async(lambda: len(health.connections) == 2)
    default, found = health.connections
    assert (default["alias"], default["requests"], default["pool"]) == ("default", 9, None)
    assert (default["open_max"], default["left_open"], default["leaked"]) == (5, 3, 2)
    assert (default["waited_ms"], default["wait_ms_max"]) == (90, 30)
    assert found["opened"] == 12
    assert health.established == 8
    assert found["pool"] == {
        "limit": 4, "size": 4, "waiting": 7, "opened": 4, "queued": 9, "wait_ms": 400,
    }  # fmt: skip


async def test_firings_add_up_and_the_worst_of_them_remains(
    health: Health, probe: FakeProbe
) -> None:
    await begun(health, probe)
    probe.report(1, connections=[{**DEFAULT, "pool": POOL}])
    assert await until_async(lambda: len(health.connections) == 1)
    firing = health.connections
    quiet = [{**firing[0], "leaked": 0, "left_open": 0, "pool": None}]
    (merged,) = merge_connections(firing, quiet)  # type: ignore[arg-type]
    assert (merged["requests"], merged["opened"], merged["waited_ms"]) == (18, 18, 180)
    assert (merged["leaked"], merged["left_open"], merged["open_max"]) == (2, 3, 5)
    assert merged["pool"] == firing[0]["pool"]
    assert merge_connections([], firing) == merge_connections(firing, []) == firing


async def test_an_old_report_is_not_joined_with_a_present_reading_of_proc(
    health: Health, probe: FakeProbe
) -> None:
    await begun(health, probe)
    health.take_rows(0)
    probe.report(1, age_ns=1_000_000_000)
    assert await until_async(lambda: health._rows)
    (row,) = health.take_rows(0)
    assert "rss" not in row
    assert row["in_app"] == 2


async def test_a_process_whose_probe_does_not_report_is_still_read(
    health: Health, probe: FakeProbe
) -> None:
    await begun(health, probe)
    health.take_rows(0)
    assert await until_async(lambda: any("rss" in row for row in health._rows))
    row = next(row for row in health.take_rows(0) if "rss" in row)
    assert row["process"] == probe.process
    assert "in_app" not in row
    assert "switches" not in row  # the probe counts them in another way


async def test_a_process_that_ends_has_a_last_row_without_memory(
    health: Health,
) -> None:
    sleeper = await asyncio.create_subprocess_exec("sleep", "60")
    assert await health.begin(1, os.getpid())
    sleeper.kill()
    assert await until_async(lambda: any(row.get("rss") == 0 for row in health._rows))
    await sleeper.wait()
    assert await health.end(1, quiet_timeout_s=1)
    rows = [row for row in health.take_rows(0) if row["process"] == sleeper.pid]
    assert [row["rss"] > 0 for row in rows] == [*[True] * (len(rows) - 1), False]
    assert rows[-1]["threads"] == 0


async def test_a_process_that_replaces_an_ended_one_is_found(health: Health) -> None:
    first = await asyncio.create_subprocess_exec("sleep", "60")
    assert await health.begin(1, os.getpid())
    first.kill()
    await first.wait()
    second = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        assert await until_async(
            lambda: any(row["process"] == second.pid and row["rss"] for row in health._rows)
        )
    finally:
        second.kill()
        await second.wait()
        await health.end(1, quiet_timeout_s=1)


async def test_the_end_waits_for_the_final_report(health: Health, probe: FakeProbe) -> None:
    await begun(health, probe)
    assert not await health.end(1, quiet_timeout_s=0.05)
    assert (await probe.receive())["type"] == "end"
    ending = asyncio.create_task(health.end(1, quiet_timeout_s=2))
    await probe.receive()
    probe.report(1, final=True, in_app=0, in_view=0)
    assert await ending
    assert health.take_rows(0)[-1]["in_app"] == 0


async def test_a_datagram_without_the_token_is_dropped(health: Health, probe: FakeProbe) -> None:
    await begun(health, probe)
    health.take_rows(0)
    probe.report(1, token=1)
    probe.socket.send(b"[]")
    probe.send(type="report", firing=1)  # nor one with fields missing
    probe.report(1, requests=77)
    assert await until_async(lambda: health._rows)
    assert [row["requests"] for row in health.take_rows(0)] == [77]


async def test_a_report_of_another_form_has_no_effect(health: Health, probe: FakeProbe) -> None:
    await begun(health, probe)
    health.take_rows(0)
    probe.report(1, requests=76, final=True, executor=[1])
    probe.report(1, requests=77)
    assert await until_async(lambda: health._rows)
    assert [row["requests"] for row in health.take_rows(0)] == [77]
    assert health.probes[probe.process].ended is None


HOSTILE = [
    *(b"", b"\0", b"\xff\xfe", b"null", b"1", b'"text"', b"[" * 60_000, b'{"token": ' * 5_000),
    *(b"9" * 5_000, b"{}", b"[1]", b"true", b"{" * 60_000, b"\xef\xbb\xbf{}"),
]
ODD_FIELDS: list[dict[str, Any]] = [
    *({"process": 1e999}, {"process": float("nan")}, {"process": None}, {"process": 10**30}),
    *({"process": "x"}, {"process": []}, {"at": 1e999}, {"at": None}, {"requests": 1e999}),
    *({"requests": []}, {"answers": 7}, {"answers": [[]]}, {"executor": 7}, {"executor": [1]}),
    *({"connections": 7}, {"connections": [{}]}, {"connections": [{**DEFAULT, "opened": "9"}]}),
    *({"one_thread": 1e999}, {"one_thread": {}}, {"type": []}, {"firing": {}}),
]


async def test_hostile_datagrams_are_dropped(
    health: Health, probe: FakeProbe, caplog: pytest.LogCaptureFixture
) -> None:
    await begun(health, probe)
    health.take_rows(0)
    report = {"type": "report", "firing": 1, "final": False, "at": 1, **COUNTS}
    hello = {"type": "hello", "interface": 1, "versions": 1, "process": "x"}
    for data in HOSTILE:
        probe.socket.send(data)
        await asyncio.sleep(0)  # it is received before the buffer is full
    for fields in ODD_FIELDS:
        probe.send(**{**report, **fields})
        probe.send(**{**hello, **fields})
        await asyncio.sleep(0)
    probe.report(1, requests=78)
    assert await until_async(lambda: any(row["requests"] == 78 for row in health._rows))
    assert not caplog.records


async def test_reports_of_another_firing_are_no_rows(health: Health, probe: FakeProbe) -> None:
    await begun(health, probe, firing=2)
    health.take_rows(0)
    probe.report(1)
    probe.report(2, requests=5)
    assert await until_async(lambda: health._rows)
    assert [row["requests"] for row in health.take_rows(0)] == [5]


async def test_a_process_that_starts_during_a_firing_joins_it(
    health: Health, probe: FakeProbe
) -> None:
    assert await health.begin(4, probe.process)
    probe.hello()
    order = await probe.receive()
    assert (order["type"], order["firing"], order["running"]) == ("begin", 4, True)
    probe.report(4, final=True)
    assert await health.end(4, quiet_timeout_s=1)


async def test_without_a_hello_there_is_no_probe(health: Health) -> None:
    assert await health.first_probe(0.05) is None


async def test_a_process_without_a_probe_has_rows_too(health: Health) -> None:
    sleeper = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        assert await health.begin(1, os.getpid())
        assert await until_async(lambda: len(health._rows) >= 2)
        assert await health.end(1, quiet_timeout_s=1)
        rows = [row for row in health.take_rows(0) if row["process"] == sleeper.pid]
        assert rows[0]["threads"] == 1
        assert "in_app" not in rows[0]
        assert rows[0].keys() <= COLUMNS["health"].keys()
    finally:
        sleeper.kill()
        await sleeper.wait()


async def test_a_process_that_died_is_not_waited_for(health: Health, probe: FakeProbe) -> None:
    sleeper = await asyncio.create_subprocess_exec("sleep", "60")
    probe.send(type="hello", interface="wsgi", versions={}, process=sleeper.pid)
    assert await health.first_probe(1)
    sleeper.kill()
    await sleeper.wait()
    assert await health.end(1, quiet_timeout_s=1)
    assert health.probes == {}
