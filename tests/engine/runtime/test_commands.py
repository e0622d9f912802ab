"""Lines on stdin, however they were cut on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.engine.runtime.commands import Commands, QueuedFiring
from tests.firing import burst


def orders(count: int) -> bytes:
    firings = (burst(1, f"/é{number}", 1, 1).to_json() for number in range(count))
    return b"".join(json.dumps({"fire": firing}).encode() + b"\n" for firing in firings)


@given(cuts=st.lists(st.integers(0, len(orders(3))), max_size=8))
def test_lines_may_be_cut_anywhere(cuts: Sequence[int]) -> None:
    async def paths() -> list[str]:
        commands, data = Commands(), orders(3)
        edges = [0, *sorted(cuts), len(data)]
        for begin, end in pairwise(edges):
            commands.data_received(data[begin:end])
        found = []
        for _ in range(3):
            order = await commands.next()
            assert order
            found.append(order._firing.path)
            commands.remove_first()
        return found

    assert asyncio.run(paths()) == ["/é0", "/é1", "/é2"]


async def test_stop_reaches_every_order_that_waits() -> None:
    commands = Commands()
    commands.data_received(orders(2) + b'{"stop": true}\n' + orders(1))
    stopped = []
    for _ in range(3):
        order = await commands.next()
        assert order
        stopped.append(order.make_driver().stopped)
        commands.remove_first()
    assert stopped == [True, True, False]


async def test_next_waits_until_there_is_one() -> None:
    commands = Commands()
    waiting = asyncio.ensure_future(commands.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    commands.data_received(orders(1))
    assert await waiting


async def test_after_the_end_there_is_none() -> None:
    commands = Commands()
    commands.data_received(orders(1))
    commands.connection_lost(None)
    assert await commands.next() is None
    assert commands.error is None


@pytest.mark.parametrize("line", ["", "null", "1", '"stop"', "{}", '{"stop": 1}', '{"fire": 3}'])
async def test_a_line_that_is_no_command(line: str) -> None:
    commands = Commands()
    commands.data_received(line.encode() + b"\n")
    assert commands.error
    assert commands.error.startswith("stdin: expected")
    assert await commands.next() is None


def test_a_begin_for_nobody_is_none_for_who_comes_later() -> None:
    async def order() -> QueuedFiring | None:
        commands = Commands()
        commands.data_received(b'{"begin": 5}\n' + orders(1))
        return await commands.next()

    found = asyncio.run(order())
    assert found
    assert found._origin_ns is None
