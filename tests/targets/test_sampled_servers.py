"""The sampler under every server: the line that is planted is the first one that is named."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.servers.catalogue import SERVERS
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.lifecycle.target import Target
from dashboard.targets.observe.sampler_files import read_looks, sampler_environment
from dashboard.targets.supervise.cores import Cores
from dashboard.wire.traces.looks import Looks

from .client import fire
from .helpers import AVAILABLE, ROOT, marked, until_async
from .warm import ignore

pytestmark = pytest.mark.servers
PLANTED = ROOT / "tests" / "targets" / "injected" / "sampled_project.py"
REQUESTS = 2
TRIES = 3
GEVENT = "gunicorn-gevent"
# Twelve culprits, as sync views, and the state of each one's planted line.
CULPRITS = {
    "sleeping": "blocking",
    "fetching": "blocking",
    "querying": "blocking",
    "reading_a_file": "cpu",
    "hashing": "cpu",
    "parsing": "cpu",
    "matching": "cpu",
    "locking": "blocking",
    "starting_a_process": "blocking",
    "resolving": "blocking",
    "in_sync_middleware": "blocking",
    "rendering": "cpu",
}
MORE = {"computing": "cpu", "bridging": "awaiting", "awaiting": "awaiting"}
WSGI = {**CULPRITS, **MORE, "in_middleware": "blocking"}
ASGI = {**CULPRITS, **MORE, "holding": "holding", "in_middleware": "awaiting"}
GREENLETS = {"sleeping": "awaiting", "computing": "holding"}
# They get all paths; each other server gets two. With LIVEBURST_ALL_CULPRITS=1 five servers do.
ALL_PATHS = {"gunicorn-gthread", "uvicorn"}
if os.environ.get("LIVEBURST_ALL_CULPRITS"):
    ALL_PATHS |= {"gunicorn-sync", "daphne", "granian-asgi"}
FEW_PATHS = {"wsgi": ("sleeping", "bridging"), "asgi": ("awaiting", "holding")}


class FirstLine(NamedTuple):
    """The line of the project with most time, the state of most of it, and its part of all time."""

    line: int
    state: str
    share: float


def first_line(looks: Looks) -> FirstLine | None:
    """Fold the looks to the innermost line of the planted project.

    What only waits for the loop, or for a free thread, is in no line. None if no line was seen.
    """
    spent: dict[tuple[int, str], float] = {}
    for stack in looks.stacks:
        own = [looks.frames[at] for at in stack.frames if looks.frames[at].path == relative()]
        waits = stack.note in {"loop", "thread"}
        key = (own[-1].line if own and not waits else 0), stack.state
        spent[key] = spent.get(key, 0) + stack.ms
    lines: dict[int, float] = {}
    for (line, _), ms in spent.items():
        lines[line] = lines.get(line, 0) + ms
    total_ms = sum(lines.values())
    lines.pop(0, None)  # not in a line of the project: on the way to the view, or back
    if not lines:
        return None
    line = max(lines, key=lines.__getitem__)
    state = max((ms, state) for (at, state), ms in spent.items() if at == line)[1]
    return FirstLine(line, state, lines[line] / total_ms)


def relative() -> str:
    return str(PLANTED.relative_to(ROOT))


def planted_lines(path: str, interface: str) -> set[int]:
    """Return the lines that are planted for a path."""
    lines = set()
    for number, text in enumerate(PLANTED.read_text().splitlines(), 1):
        names = text.partition("# planted: ")[2].split(", ")
        if path in names or f"{path} ({interface.upper()})" in names:
            lines.add(number)
    return lines


@asynccontextmanager
async def sampled_target(server: str, tmp_path: Path) -> AsyncIterator[tuple[Target, Path]]:
    """Start the planted project under a server, with samplers that write into a directory."""
    directory = tmp_path / "looks"
    directory.mkdir()
    lab = tmp_path / "lab.toml"
    name = "tests.targets.injected.sampled_project"
    lab.write_text(
        f"""
        [project]
        name = "sampled"
        directory = "{ROOT}"
        wsgi = "{name}:wsgi"
        asgi = "{name}:asgi"
        [scenario.any]
        title = "Anything"
        lanes = ["any@{server}"]
        variant.any = {{ family = "sync", path = "/sleeping" }}
        """
    )
    project = load_manifest(lab)
    project = replace(project, env={**project.env, **sampler_environment(directory)})
    mark = f"test-{uuid.uuid4().hex}"
    pool = Targets(project, mark=mark, log_directory=tmp_path / "logs", cores=Cores.here())
    try:
        target = await pool.ready(server, ignore)
        assert isinstance(target, Target)
        yield target, directory
    finally:
        await pool.stop()
    assert await until_async(lambda: not marked(mark))


async def looks_of(target: Target, directory: Path, path: str, firing: int) -> Looks:
    """Fire some requests at a path and return what was seen of them."""
    assert await target.begin(firing)
    start_ns = time.monotonic_ns()
    answers = await fire(target.port, f"/{path}", REQUESTS, REQUESTS)
    end_ns = time.monotonic_ns()
    await target.end(firing, quiet_timeout_s=10)
    assert {answer.status for answer in answers} == {200}
    return await read_looks(directory, ROOT, start_ns, end_ns, timeout_s=20)


async def planted_line_is_first(
    target: Target, directory: Path, path: str, state: str, firings: Iterator[int]
) -> None:
    """Fire until the planted line is the first, in its state.

    A busy machine lets little be seen of two requests of 0.1 s, and of two calls that hold the
    GIL perhaps nothing. With a load average of 8 on two cores about one firing of fifty had
    another line first.
    """
    interface, firsts = target.server.interface, list[FirstLine | None]()
    for _ in range(TRIES):
        looks = await looks_of(target, directory, path, next(firings))
        assert looks.requests == REQUESTS
        assert looks.sampler["limits"] == []
        first = first_line(looks)
        firsts.append(first)
        if first is None or first.line not in planted_lines(path, interface):
            continue
        # While one request holds the loop, or the GIL, the other is on its way.
        if first.state == state and first.share > 0.25:
            return
    raise AssertionError(f"{path}: expected {state}, found {firsts}")


def expected_states(server: str) -> dict[str, str]:
    """Return the paths that a server gets, with the state of their planted lines."""
    if server == GEVENT:
        return GREENLETS
    interface = SERVERS[server].interface
    states = WSGI if interface == "wsgi" else ASGI
    if server in ALL_PATHS:
        return states
    return {path: states[path] for path in FEW_PATHS[interface]}


@pytest.mark.parametrize("server", AVAILABLE)
async def test_the_planted_line_is_the_first(server: str, tmp_path: Path) -> None:
    async with sampled_target(server, tmp_path) as (target, directory):
        firings = count(1)
        for path, state in expected_states(server).items():
            await planted_line_is_first(target, directory, path, state, firings)


async def test_every_process_is_sampled(tmp_path: Path) -> None:
    """Each writes a file of its own; numbers of requests are unique among them."""
    async with sampled_target("gunicorn-sync:processes=2", tmp_path) as (target, directory):
        for firing in range(1, 20):
            looks = await looks_of(target, directory, "sleeping", firing)
            if looks.sampler["processes"] == 2:
                break
        assert len(list(directory.glob("*.looks"))) == 2
        assert looks.requests == REQUESTS
        requests = frozenset().union(*(stack.requests for stack in looks.stacks))
        assert len(requests) == REQUESTS


async def test_the_call_of_the_planted_line_is_named(tmp_path: Path) -> None:
    async with sampled_target("gunicorn-gthread", tmp_path) as (target, directory):
        looks = await looks_of(target, directory, "sleeping", 1)
        stack = looks.stacks[0]
        frames = [looks.frames[at] for at in stack.frames]
        assert (frames[-1].function, frames[-1].call) == ("sleeping", "time.sleep")
        assert frames[-1].module == "tests.targets.injected.sampled_project"
        assert all(not frame.path.startswith("/") for frame in frames)
        assert not [frame for frame in frames if "liveburst" in frame.path]
        assert len(stack.requests) == REQUESTS
        sleeping_ms = sum(stack.ms for stack in looks.stacks)
        assert sleeping_ms > 0.6 * REQUESTS * 100  # milliseconds of requests
