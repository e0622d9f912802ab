"""Commands are lines on stdin, in whatever pieces they arrive."""

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


def fire_commands(count: int) -> bytes:
    firings = (burst(1, f"/é{number}", 1, 1).to_json() for number in range(count))
    return b"".join(json.dumps({"fire": firing}).encode() + b"\n" for firing in firings)


@given(cuts=st.lists(st.integers(0, len(fire_commands(3))), max_size=8))
def test_lines_may_be_cut_anywhere(cuts: Sequence[int]) -> None:
    async def read_paths() -> list[str]:
        commands, data = Commands(), fire_commands(3)
        edges = [0, *sorted(cuts), len(data)]
        for begin, end in pairwise(edges):
            commands.data_received(data[begin:end])
        paths = []
        for _ in range(3):
            queued = await commands.next()
            assert queued
            paths.append(queued._firing.path)
            commands.remove_first()
        return paths

    assert asyncio.run(read_paths()) == ["/é0", "/é1", "/é2"]


async def test_stop_applies_to_every_queued_firing() -> None:
    commands = Commands()
    commands.data_received(fire_commands(2) + b'{"stop": true}\n' + fire_commands(1))
    stopped = []
    for _ in range(3):
        queued = await commands.next()
        assert queued
        stopped.append(queued.make_driver().stopped)
        commands.remove_first()
    assert stopped == [True, True, False]


async def test_next_waits_for_a_firing() -> None:
    commands = Commands()
    waiting = asyncio.ensure_future(commands.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    commands.data_received(fire_commands(1))
    assert await waiting


async def test_next_returns_none_after_the_end_of_stdin() -> None:
    commands = Commands()
    commands.data_received(fire_commands(1))
    commands.connection_lost(None)
    assert await commands.next() is None
    assert commands.error is None


@pytest.mark.parametrize("line", ["", "null", "1", '"stop"', "{}", '{"stop": 1}', '{"fire": 3}'])
async def test_a_line_that_is_not_a_command_is_an_error(line: str) -> None:
    commands = Commands()
    commands.data_received(line.encode() + b"\n")
    assert commands.error
    assert commands.error.startswith("stdin: expected")
    assert await commands.next() is None


def test_a_begin_without_a_firing_does_not_apply_to_a_later_one() -> None:
    async def read_one() -> QueuedFiring | None:
        commands = Commands()
        commands.data_received(b'{"begin": 5}\n' + fire_commands(1))
        return await commands.next()

    queued = asyncio.run(read_one())
    assert queued
    assert queued._origin_ns is None
