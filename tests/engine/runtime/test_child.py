"""The load generator as a child: a process, two pipes, one firing after another."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashboard.engine.runtime.child import report_interval_s
from dashboard.engine.runtime.descriptors import raise_limit
from dashboard.engine.timing.heartbeat import merge_stalls
from dashboard.engine.timing.schedule import schedule
from dashboard.wire.failure import Failure
from dashboard.wire.frame import NOT_STORED, EnvelopeReader, decode, is_event
from dashboard.wire.plan.plan import Firing, Rate
from tests.engine.servers.hostile import OK, Peer, responds, serving
from tests.firing import ROOT, Fired, burst, engine, fire, in_order

COMMAND = (sys.executable, "-m", "dashboard.engine")


def silent(peer: Peer, number: int) -> None:
    """Never answers."""


def ended(**stdin: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a load generator that exits by itself."""
    return subprocess.run(COMMAND, check=False, cwd=ROOT, capture_output=True, timeout=10, **stdin)


def send(process: Process, *commands: object) -> None:
    """Send commands in one write."""
    assert process.stdin
    process.stdin.write(b"".join(json.dumps(command).encode() + b"\n" for command in commands))


def fire_command(firing: Firing) -> dict[str, object]:
    return {"fire": firing.to_json()}


async def payloads(process: Process) -> AsyncIterator[bytes]:
    """Yield what arrives through the pipe, until its end."""
    assert process.stdout
    reader = EnvelopeReader()
    while data := await process.stdout.read(65536):
        for sequence, payload in reader.feed(data):
            assert sequence == NOT_STORED
            yield payload


async def collect(process: Process) -> Fired:
    """Return everything up to the event `fired`."""
    fired = Fired()
    async for payload in payloads(process):
        fired.take(payload)
        if fired.fired:
            return fired
    raise AssertionError("the load generator exited during a firing")


@pytest.mark.processes
async def test_one_process_serves_many_firings() -> None:
    async with serving(responds(OK)) as server, engine() as process:
        for requests, concurrency in ((100, 10), (1, 1), (1000, 1000)):
            fired = await fire(process, burst(server.port, "/", requests, concurrency))
            assert sorted(fired.samples["request"]) == list(range(requests))
            assert set(fired.samples["status"]) == {200}
            assert all(in_order(row) for row in fired.rows())
            assert fired.fired["requests"] == requests
            assert not fired.fired["stopped"]
            assert fired.fired["wall_ns"] >= max(fired.samples["done"])
            assert fired.fired["cpu_ns"] > 0
        assert server.connections == 10 + 1 + 1000  # none is reused in the next firing


@pytest.mark.processes
async def test_the_event_fired_reports_lateness() -> None:
    async with serving(responds(OK)) as server, engine() as process:
        short = await fire(process, burst(server.port, "/", 1, 1))
        rate = replace(burst(server.port, "/", 1, 1), load=Rate(200, 0.7, poisson=True), seed=4)
        fired = await fire(process, rate)
    assert short.fired["scheduling_error_p99_ns"] is None, "a burst has no schedule"
    assert short.fired["loop_lag_p99_ns"] is None, "too few beats to carry a p99"
    assert fired.fired["scheduling_error_p99_ns"] > 0
    assert 0 < fired.fired["loop_lag_p99_ns"] <= fired.fired["loop_lag_max_ns"]
    assert sorted(fired.samples["due"]) == schedule(Rate(200, 0.7, poisson=True), 4).tolist()


@pytest.mark.processes
async def test_the_event_fired_reports_stalls() -> None:
    """SIGSTOP stalls it for certain."""

    async def stopped() -> tuple[int, int]:
        while server.connections < 2:  # noqa: ASYNC110 - until the firing has begun
            await asyncio.sleep(0)
        process.send_signal(signal.SIGSTOP)
        while _state(process.pid) != "T":  # noqa: ASYNC110 - the kernel sends no event
            await asyncio.sleep(0)
        begin_ns = time.monotonic_ns()
        await asyncio.sleep(0.05)
        end_ns = time.monotonic_ns()
        process.send_signal(signal.SIGCONT)
        return begin_ns, end_ns

    async with serving(responds(OK)) as server, engine() as process:
        await fire(process, burst(server.port, "/", 1, 1))  # until it has started
        firing = replace(burst(server.port, "/", 1, 1), load=Rate(200, 1.0))
        fired, stall = await asyncio.gather(fire(process, firing), stopped())
    origin_ns = fired.began["origin_ns"]
    assert any(
        begin <= stall[0] - origin_ns and stall[1] - origin_ns <= end
        for begin, end in fired.fired["stalls_ns"]
    )
    assert fired.fired["scheduling_error_max_ns"] >= fired.fired["scheduling_error_p99_ns"] > 0


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_many_stalls_are_merged_and_none_is_lost() -> None:
    stalls = [(at * 10**7, at * 10**7 + 3 * 10**6 + at % 7) for at in range(4000)]
    merged = merge_stalls(stalls, 500)
    assert len(merged) <= 500
    assert all(any(b <= begin and end <= e for b, e in merged) for begin, end in stalls[::37])
    assert merge_stalls(stalls[:3], 500) == stalls[:3]
    assert merge_stalls([(0, 9), (9, 12), (11, 11)], 500) == [(0, 12)]


@pytest.mark.processes
async def test_requests_without_a_descriptor_have_rows() -> None:
    async with serving(responds(OK)) as server, engine() as process:
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (60, 60))
        fired = await fire(process, burst(server.port, "/", 200, 200))
    assert len(fired.samples["request"]) == 200
    assert set(fired.samples["error"]) == {0, Failure.NO_DESCRIPTORS}


@pytest.mark.processes
async def test_ten_thousand_connections_at_once() -> None:
    """The server responds when all requests have arrived, so all connections are open at once."""
    many = 10_000
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < many + 200:
        pytest.skip("this system does not allow a process so many descriptors")
    raise_limit()
    waiting: list[Peer] = []

    def all_together(peer: Peer, number: int) -> None:
        waiting.append(peer)
        if len(waiting) == many:
            for each in waiting:
                each.write(OK)

    async with serving(all_together) as server, engine() as process:
        fired = await fire(process, burst(server.port, "/", many, many, timeout_s=120.0))
        assert set(fired.samples["error"]) == {0}
        assert len(fired.samples["request"]) == server.connections == many


@pytest.mark.processes
async def test_firings_are_queued() -> None:
    async with serving(responds(OK)) as server, engine() as process:
        send(process, *(fire_command(burst(server.port, "/", 10, 2, round=n)) for n in (1, 2, 3)))
        rounds = []
        async for payload in payloads(process):
            if not is_event(payload) and (frame := decode(payload)).kind == "samples":
                rounds += [frame.round] * frame.rows
            if len(rounds) == 30:
                break
    assert rounds == [1] * 10 + [2] * 10 + [3] * 10


@pytest.mark.processes
async def test_frames_arrive_during_the_firing_and_begun_before_samples() -> None:
    peers: list[Peer] = []

    def collects(peer: Peer, number: int) -> None:
        peers.append(peer)

    async with serving(collects) as server, engine() as process:
        send(process, fire_command(burst(server.port, "/", 8, 4, lane=2, round=3)))
        kinds, sent = [], set()
        async for payload in payloads(process):
            if is_event(payload):
                kinds.append(json.loads(payload)["event"])
                if kinds[-1] == "fired":
                    break
                continue
            frame = decode(payload)
            assert (frame.lane, frame.round) == (2, 3)
            kinds += [frame.kind] * bool(frame.rows)  # else a report that nothing began
            if frame.kind == "begun":
                pairs = zip(frame.columns["request"], frame.columns["sent_first"], strict=True)
                sent |= {request for request, at in pairs if at >= 0}
            if sent >= {0, 1, 2, 3}:  # announced before any response
                while peers:
                    peers.pop().write(OK)
    assert kinds[:2] == ["began", "begun"]
    assert kinds[-2:] == ["samples", "fired"]
    assert sent == set(range(8))


def test_reports_are_frequent_in_the_first_second_and_cost_little() -> None:
    """Counted, since timings of a busy machine mean nothing."""

    def reports_until(end_s: float, in_flight: int) -> int:
        reports, elapsed_s = 0, 0.0
        while elapsed_s < end_s:
            elapsed_s += report_interval_s(elapsed_s, in_flight)
            reports += 1
        return reports

    assert reports_until(1.0, 100) == 63
    assert reports_until(10.0, 100) - reports_until(1.0, 100) == pytest.approx(9 / 0.04, abs=1)
    assert reports_until(1.0, 10_000) == 25, "as before, where each report looks at much"
    # Requests looked at in the first second, at most: 125,000 and 0.1 µs each.
    assert max(reports_until(1.0, most) * most for most in (1, 100, 2_000)) <= 126_000


@pytest.mark.processes
async def test_each_report_is_complete_up_to_its_instant() -> None:
    """A request that finishes later has a later `done`, so a bar in flight never shrinks."""
    async with serving(responds(OK)) as server, engine() as process:
        send(process, fire_command(burst(server.port, "/", 3_000, 20)))
        reported_ns, reports, finished = 0, 0, 0
        async for payload in payloads(process):
            if is_event(payload):
                if json.loads(payload)["event"] == "fired":
                    break
                continue
            frame = decode(payload)
            if frame.kind == "begun":
                assert frame.extra["at_ns"] >= reported_ns
                reported_ns = frame.extra["at_ns"]
                reports += 1
            else:
                assert min(frame.columns["done"]) >= reported_ns
                finished += frame.rows
    assert finished == 3_000
    assert reports >= 1


@pytest.mark.alone
async def test_stop_takes_effect_at_once() -> None:
    everything_sent = asyncio.Event()

    def counts(peer: Peer, number: int) -> None:
        if number == 999:
            everything_sent.set()

    async with serving(counts) as server, engine() as process:
        send(process, fire_command(burst(server.port, "/", 5000, 1000)))
        await everything_sent.wait()
        before_ns = time.monotonic_ns()
        send(process, {"stop": True})
        fired = await collect(process)
    assert fired.fired["stopped"]
    assert fired.samples["error"] == [Failure.ABORTED] * 1000
    assert sorted(fired.samples["request"]) == list(range(1000))
    last_ns = fired.began["origin_ns"] + fired.fired["wall_ns"]  # by its own clock
    assert last_ns - before_ns < 200_000_000


@pytest.mark.alone
async def test_stop_takes_effect_while_all_connections_are_refused() -> None:
    async with engine() as process:
        send(process, fire_command(burst(1, "/", 100_000, 1000)))
        fired, stopped_ns = Fired(), 0
        async for payload in payloads(process):
            fired.take(payload)
            if fired.samples["request"] and not stopped_ns:  # frames leave meanwhile
                stopped_ns = time.monotonic_ns()
                send(process, {"stop": True})
            if fired.fired:
                break
    assert fired.fired["stopped"]
    assert Failure.REFUSED in fired.samples["error"]
    assert len(fired.samples["request"]) == fired.fired["requests"] < 100_000
    assert fired.began["origin_ns"] + fired.fired["wall_ns"] - stopped_ns < 200_000_000


@pytest.mark.processes
async def test_a_stop_right_behind_its_firing_is_not_lost() -> None:
    async with serving(silent) as server, engine() as process:
        send(process, fire_command(burst(server.port, "/", 100, 10)), {"stop": True})
        fired = await asyncio.wait_for(collect(process), 5)
        assert (fired.fired["requests"], fired.fired["stopped"]) == (0, True)
        assert server.connections == 0


@pytest.mark.processes
async def test_a_stop_without_a_firing_does_not_stop_a_later_one() -> None:
    async with serving(responds(OK)) as server, engine() as process:
        send(process, {"stop": True}, fire_command(burst(server.port, "/", 20, 4)))
        fired = await collect(process)
    assert (fired.fired["requests"], fired.fired["stopped"]) == (20, False)


@pytest.mark.processes
async def test_the_end_of_stdin_stops_the_firing_and_no_row_is_lost() -> None:
    in_flight = asyncio.Event()

    def counts(peer: Peer, number: int) -> None:
        if number == 19:
            in_flight.set()

    async with serving(counts) as server, engine() as process:
        send(
            process,
            fire_command(burst(server.port, "/", 100, 20)),
            fire_command(burst(server.port, "/", 5, 5)),
        )
        await in_flight.wait()
        assert process.stdin
        process.stdin.close()
        fired = Fired()
        async for payload in payloads(process):
            fired.take(payload)
        assert fired.samples["error"] == [Failure.ABORTED] * 20
        assert (fired.fired["requests"], fired.fired["stopped"]) == (20, True)
        assert server.requests == 20  # the second firing has not begun
        assert await asyncio.wait_for(process.wait(), 5) == 0


@pytest.mark.processes
async def test_a_slow_reader_loses_nothing() -> None:
    requests, answered = 10_000, asyncio.Event()

    def answers(peer: Peer, number: int) -> None:
        peer.write(OK)
        if number == requests - 1:
            answered.set()

    async with serving(answers) as server, engine() as process:
        send(process, fire_command(burst(server.port, "/", requests, 50)))
        await answered.wait()  # 1 MB of frames, none of them read
        fired = await collect(process)
    assert sorted(fired.samples["request"]) == list(range(requests))
    assert set(fired.samples["error"]) == {Failure.NONE}
    assert fired.fired["requests"] == requests


@pytest.mark.processes
async def test_it_exits_although_its_reader_does_not_read() -> None:
    requests, answered = 10_000, asyncio.Event()

    def answers(peer: Peer, number: int) -> None:
        peer.write(OK)
        if number == requests - 1:
            answered.set()

    our_end, its_end = os.pipe()
    async with serving(answers) as server:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=its_end
        )
        os.close(its_end)
        send(process, fire_command(burst(server.port, "/", requests, 50)))
        await answered.wait()  # more than the pipe holds, and nothing is read
        assert process.stdin
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 5) == 0
    os.close(our_end)


@pytest.mark.processes
async def test_it_exits_when_its_reader_has_gone() -> None:
    async with serving(responds(OK)) as server:
        our_end, its_end = os.pipe()
        process = await asyncio.create_subprocess_exec(
            *COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=its_end
        )
        os.close(our_end)
        os.close(its_end)
        send(process, fire_command(burst(server.port, "/", 1000, 10)))
        assert await asyncio.wait_for(process.wait(), 10) == 0


@pytest.mark.processes
@pytest.mark.parametrize("line", [b"fire!", b'{"fire": {}}', b"[]", b'{"what": 1}', b"\xff"])
def test_a_line_that_is_not_a_command_is_quoted_and_ends_it(line: bytes) -> None:
    done = ended(input=line + b"\n")
    assert done.returncode == 2
    assert done.stderr.startswith(b"stdin: expected")
    assert b"Traceback" not in done.stderr


@pytest.mark.processes
def test_without_pipes_it_prints_its_options() -> None:
    done = ended(stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert b"--url" in done.stderr
