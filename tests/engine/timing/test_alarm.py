"""The alarm rings once, never early, and not after it was cancelled."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from time import monotonic_ns, sleep

import pytest
import uvloop

from dashboard.engine.timing.alarm import Alarm, PollingAlarm, TimerAlarm, make_alarm
from dashboard.engine.timing.heartbeat import BEAT_NS, Heartbeat
from dashboard.wire.units import NS_PER_MS as MS
from tests.targets.helpers import descriptors

LONG = 60_000 * MS

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="timerfd is Linux's")
both = pytest.mark.parametrize(
    "make", [pytest.param(TimerAlarm, marks=linux_only), PollingAlarm], ids=["timer", "polling"]
)


@both
def test_it_rings_once_for_each_set_and_never_early(make: Callable[..., Alarm]) -> None:
    async def main() -> list[tuple[int, int]]:
        rung: list[tuple[int, int]] = []
        done = asyncio.Event()
        at_ns = monotonic_ns()

        def ring() -> None:
            nonlocal at_ns
            rung.append((at_ns, monotonic_ns()))
            if len(rung) == 5:
                done.set()
            else:
                at_ns += len(rung) * MS
                alarm.set(at_ns)

        alarm = make(ring)
        alarm.set(at_ns)  # in the past
        await asyncio.wait_for(done.wait(), 20)
        await asyncio.sleep(0.01)
        alarm.close()
        return rung

    rung = uvloop.run(main())
    assert len(rung) == 5
    assert all(due <= actual for due, actual in rung)


@both
def test_only_the_last_instant_counts(make: Callable[..., Alarm]) -> None:
    async def main() -> int:
        rung = asyncio.Event()
        alarm = make(rung.set)
        alarm.set(monotonic_ns() + LONG)
        soon = monotonic_ns() + 5 * MS
        alarm.set(soon)
        await asyncio.wait_for(rung.wait(), 20)
        alarm.close()
        return monotonic_ns() - soon

    assert uvloop.run(main()) >= 0


@both
def test_cancelled_or_closed_it_never_rings_and_leaves_no_descriptor(
    make: Callable[..., Alarm],
) -> None:
    async def main() -> int:
        rung: list[int] = []
        for quiet in ("cancel", "close"):
            alarm = make(lambda: rung.append(1))
            alarm.set(monotonic_ns() + 2 * MS)
            getattr(alarm, quiet)()
            await asyncio.sleep(0.01)
            alarm.close()
        return len(rung)

    before = descriptors()
    assert uvloop.run(main()) == 0
    assert descriptors() == before


def test_linux_has_the_timer() -> None:
    async def main() -> type:
        alarm = make_alarm(lambda: None)
        alarm.close()
        return type(alarm)

    assert uvloop.run(main()) is (TimerAlarm if sys.platform == "linux" else PollingAlarm)


def test_a_heartbeat_counts_the_beats_that_a_stall_swallowed() -> None:
    async def main() -> Heartbeat:
        with Heartbeat() as heartbeat:
            await asyncio.sleep(0.02)
            sleep(0.2)  # noqa: ASYNC251 - blocking the loop is what is measured
            await asyncio.sleep(0.45)
        return heartbeat

    heartbeat = uvloop.run(main())
    # The first beat of the stall came up to BEAT_NS after it began, the others follow.
    assert heartbeat.max_ns
    assert heartbeat.max_ns >= 200 * MS - BEAT_NS
    assert heartbeat.p99_ns, "expected at least a hundred beats"
    assert heartbeat.p99_ns >= 150 * MS
    assert sum(1 for late in heartbeat._late if late > 50 * MS) >= 25


def test_a_short_heartbeat_has_no_percentile() -> None:
    async def main() -> Heartbeat:
        with Heartbeat() as heartbeat:
            pass
        return heartbeat

    heartbeat = uvloop.run(main())
    assert (heartbeat.p99_ns, heartbeat.max_ns) == (None, None)
