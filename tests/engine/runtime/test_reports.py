"""What a firing reports while it runs and at its end: frames, lateness, stalls."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.engine.runtime.child import report_interval_s
from dashboard.engine.timing.heartbeat import merge_stalls
from dashboard.engine.timing.schedule import schedule
from dashboard.wire.frame import decode, is_event
from dashboard.wire.plan.plan import Rate
from tests.engine.servers.hostile import OK, Peer, responds, serving
from tests.firing import burst, engine, fire

from .child_process import fire_command, payloads, send


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
