"""The looks of a target's processes, read from files as their samplers write them."""

from __future__ import annotations

import asyncio
import json
import os
import textwrap
from pathlib import Path
from typing import Any

import pytest

from dashboard.targets.observe.merged_looks import LIMITS
from dashboard.targets.observe.sampler_files import read_looks, sampler_environment
from dashboard.targets.observe.source_calls import Expression, call_in
from dashboard.wire.traces.looks import LookFrame, Looks

MS = 1_000_000
START_NS, END_NS = 1000 * MS, 2000 * MS
GONE = 2**22 + 1  # no process has this number: it is above Linux's limit
VIEW = [1, "shop/views.py", 1, 2, "report", "shop.views", ["CALL", 2, 2, 11, 28]]
GET = [2, "requests/api.py", 0, 73, "get", "requests.api", []]
SOURCE = b"def report(request):\n    return requests.get(URL)\n"


def line(until_ms: int, **more: Any) -> dict[str, Any]:
    """A line that a sampler writes each 200 ms."""
    facts = {"interval_ns": 5 * MS, "cpu_ns": 2 * MS, "wall_ns": 200 * MS, "late_ns": [MS]}
    return {"until": until_ms * MS, **facts, **more}


def write(directory: Path, process: int, *lines: Any) -> Path:
    """The file of one process."""
    file = directory / f"{process}-1.looks"
    with file.open("a") as opened:
        for each in lines:
            opened.write(each if isinstance(each, str) else json.dumps(each) + "\n")
    return file


async def looks(directory: Path, timeout_s: float = 0.0) -> Looks:
    (directory / "shop").mkdir(exist_ok=True)
    (directory / "shop" / "views.py").write_bytes(SOURCE)
    return await read_looks(directory, directory, START_NS, END_NS, timeout_s=timeout_s)


def seen(stack: int, *numbers: int, state: str = "blocking", note: str = "") -> list[Any]:
    return [stack, state, note, list(numbers)]


TABLES = {"frames": [VIEW, GET], "stacks": [[0, []], [5, [1, 2]]]}


async def test_looks_of_several_processes_are_one_table(tmp_path: Path) -> None:
    """Each has its own numbers of frames, stacks and requests."""
    here = os.getpid()
    entered = [[1, START_NS + MS]]
    write(tmp_path, here, line(1500, visits=entered, **TABLES, seen=[seen(5, 1, 2, 10 * MS, MS)]))
    write(tmp_path, here, line(2000, seen=[seen(5, 1, 1, 5 * MS, 9 * MS)]))
    renumbered = [[7, *GET[1:]], [8, *VIEW[1:]]]
    write(
        *(tmp_path, GONE),
        line(1500, visits=entered, frames=renumbered, stacks=[[0, []], [3, [8, 7]]]),
        line(1700, seen=[seen(3, 1, 1, 5 * MS, 0)]),
    )
    result = await looks(tmp_path)
    assert result.frames == (
        LookFrame("shop/views.py", 2, "report", "shop.views", True, "requests.get"),
        LookFrame("requests/api.py", 73, "get", "requests.api", False),
    )
    (stack,) = result.stacks
    assert (stack.state, stack.frames, stack.note) == ("blocking", (0, 1), "")
    assert (stack.looks, stack.ms, stack.cpu_ms) == (4, 20.0, 6.0)  # never more than its time
    assert len(stack.requests) == result.requests == 2
    assert result.sampler == {
        "interval_ms": 5.0,
        "cpu_share": pytest.approx(0.01),
        "late_ms_p99": 1.0,
        "late_ms_max": 1.0,
        "looks": 4,
        "processes": 2,
        "limits": [],
    }


async def test_only_requests_that_entered_in_the_firing_count(tmp_path: Path) -> None:
    """Those of the warm-up and of what follows do not, nor does how the sampler did then."""
    entered = [[1, START_NS - 1], [2, START_NS], [3, END_NS], [4, END_NS + 1]]
    numbers = [number for visit in range(1, 5) for number in (visit, 1, MS, 0)]
    write(
        *(tmp_path, os.getpid()),
        line(900, interval_ns=90 * MS, late_ns=[70 * MS], limits=["stacks"]),
        line(1500, visits=entered, **TABLES, seen=[seen(5, *numbers)]),
        line(2500, late_ns=[80 * MS]),
    )
    result = await looks(tmp_path)
    assert (result.requests, result.stacks[0].looks) == (2, 2)
    assert result.sampler["late_ms_max"] == 1.0
    assert result.sampler["limits"] == []


async def test_the_last_line_of_a_firing_is_waited_for(tmp_path: Path) -> None:
    write(tmp_path, os.getpid(), line(1900, visits=[[1, START_NS]], **TABLES))
    reading = asyncio.create_task(looks(tmp_path, timeout_s=30))
    await asyncio.sleep(0.05)
    text = json.dumps(line(2000, seen=[seen(5, 1, 1, MS, 0)])) + "\n"
    write(tmp_path, os.getpid(), text[:40])  # half of it is not read
    await asyncio.sleep(0.05)
    assert not reading.done()
    write(tmp_path, os.getpid(), text[40:])
    result = await reading
    assert result.stacks[0].looks == 1
    assert result.sampler["limits"] == []


async def test_a_process_that_does_not_write_in_time_is_a_limit(tmp_path: Path) -> None:
    write(tmp_path, os.getpid(), line(1900, visits=[[1, START_NS]]))
    result = await looks(tmp_path, timeout_s=0.05)
    assert result.requests == 1
    assert result.sampler["limits"] == [LIMITS["unwritten"]]


@pytest.mark.parametrize("process", [GONE, os.getpid()], ids=["gone", "this"])
async def test_what_writes_no_more_is_not_waited_for(process: int, tmp_path: Path) -> None:
    """A process that has ended, or whose file is full."""
    more = {} if process == GONE else {"full": True}
    write(tmp_path, process, line(1500, visits=[[1, START_NS]], **more))
    async with asyncio.timeout(20):
        result = await looks(tmp_path, timeout_s=60)
    assert result.sampler["limits"] == ([LIMITS["full"]] if more else [])


@pytest.mark.parametrize(
    "malformed",
    [
        "no JSON\n",
        "[1, 2]\n",
        '{"until": "soon"}\n',
        '{"visits": [[1]]}\n',
        '{"frames": [[1, 2]]}\n',
        '{"seen": [[77, "blocking", "", [1, 1, 1, 1]]]}\n',
        '{"seen": [[5, "idle", "", [1, 1, 1, 1]]]}\n',
        '{"seen": [[5, "cpu", "odd", [1, 1, 1, 1]]]}\n',
        '{"seen": [[5, "cpu", "", [1, 1, 1]]]}\n',
        '{"seen": 5}\n',
        '{"stacks": [[6, [99]]], "seen": [[6, "cpu", "", [1, 1, 1, 1]]]}\n',
    ],
)
async def test_a_line_of_another_form_is_left_out(malformed: str, tmp_path: Path) -> None:
    write(
        *(tmp_path, GONE),
        line(1500, visits=[[1, START_NS]], **TABLES),
        malformed,
        line(1600, seen=[seen(5, 1, 1, MS, 0)]),
    )
    result = await looks(tmp_path)
    assert [stack.looks for stack in result.stacks] == [1]


async def test_errors_of_a_sampler_are_a_limit(tmp_path: Path) -> None:
    write(tmp_path, GONE, line(1500, visits=[[1, START_NS]], limits=["KeyError"]))
    (limit,) = (await looks(tmp_path)).sampler["limits"]
    assert "(KeyError)" in limit


async def test_no_file_is_no_look(tmp_path: Path) -> None:
    result = await looks(tmp_path)
    assert (result.requests, result.stacks, result.sampler["processes"]) == (0, (), 0)


async def test_no_source_outside_of_the_project_is_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_bytes(SOURCE)
    project = tmp_path / "project"
    project.mkdir()
    frame = [1, "../outside.py", *VIEW[2:]]
    tables = {"frames": [frame], "stacks": [[5, [1]]]}
    write(project, GONE, line(1500, visits=[[1, START_NS]], **tables, seen=[seen(5, 1, 1, MS, 0)]))
    assert (await looks(project)).frames[0].call == ""


def test_the_samplers_variable(tmp_path: Path) -> None:
    assert sampler_environment(tmp_path) == {
        "LIVEBURST_SAMPLER": json.dumps({"directory": str(tmp_path), "interval_ms": 5.0})
    }


# A source, the expression in it of an instruction, the instruction, and the call that is named.
CALLS = [
    ("time.sleep(0.1)", "time.sleep(0.1)", "CALL", "time.sleep"),
    ("x = get(URL, headers={})", "get(URL, headers={})", "CALL", "get"),
    ("Order.objects.filter(a=1).first()", None, "CALL", "Order.objects.filter(…).first"),
    ('", ".join(names)', None, "CALL", "….join"),
    ("handlers['a'](x)", None, "CALL", "handlers[…]"),
    ("requests.get(\n    URL,\n)", None, "CALL", "requests.get"),
    ("await asyncio.sleep(1)", None, "SEND", "asyncio.sleep"),
    ("await asyncio.sleep(1)", None, "YIELD_VALUE", "asyncio.sleep"),
    ("with self.lock:", "self.lock", "BEFORE_WITH", "with self.lock"),
    ("with open(path) as file:", "open(path)", "CALL", "open"),
    ("for order in orders:", "orders", "GET_ITER", "for … in orders"),
    ("for order in Order.objects.all():", "Order.objects.all()", "FOR_ITER",
     "for … in Order.objects.all(…)"),
    ("for order in Order.objects.all():", "Order.objects.all()", "CALL", "Order.objects.all"),
    ("return request.user", "request.user", "LOAD_ATTR", "request.user"),
    ("x = a + b", "a + b", "BINARY_OP", ""),
    ("x = name", "name", "LOAD_FAST", ""),
    ("é = 'ü'; laden('ß')", "laden('ß')", "CALL", "laden"),
    ("f((yield", None, "CALL", ""),
]  # fmt: skip


@pytest.mark.parametrize(("source", "part", "instruction", "expected"), CALLS)
def test_the_call_of_a_line(source: str, part: str | None, instruction: str, expected: str) -> None:
    data = f"\n{source}\n".encode()
    lines = data.splitlines()
    begin = source.encode().index((part or source).encode())
    rows = source.split("\n")
    end = len(rows[-1].encode()) if len(rows) > 1 else begin + len((part or source).encode())
    expression = Expression(instruction, 2, 1 + len(rows), begin, end)
    assert call_in(lines, expression) == expected


@pytest.mark.parametrize("place", [(0, 1, 0, 1), (9, 9, 0, 1), (2, 1, 0, 1), (1, 99, 0, 1)])
def test_an_expression_outside_of_its_file_is_no_call(place: tuple[int, int, int, int]) -> None:
    lines = textwrap.dedent("a()\nb()\n").encode().splitlines()
    assert call_in(lines, Expression("CALL", *place)) == ""
