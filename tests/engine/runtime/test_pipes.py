"""The pipes of the load generator: slow and absent readers, lines that are no commands."""

from __future__ import annotations

import asyncio
import os
import subprocess

import pytest

from dashboard.wire.failure import Failure
from tests.engine.servers.hostile import OK, Peer, responds, serving
from tests.firing import ROOT, burst, engine

from .child_process import COMMAND, collect, ended, fire_command, send


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
