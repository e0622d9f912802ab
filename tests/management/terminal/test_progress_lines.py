"""Progress in a log: a line every few seconds, with and without events."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
from typing import Any

import pytest
from rich.console import Console

from dashboard.management.terminal.printed_warnings import PrintedWarnings
from dashboard.management.terminal.progress_bars import ProgressBars
from dashboard.management.terminal.progress_lines import (
    ProgressLines,
    print_queue_position,
    progress,
)
from dashboard.management.terminal.result_table import result_notes
from dashboard.models import Run, Status
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue import run_queue
from dashboard.runs.sinks.sink import Outcome
from dashboard.wire import frame
from dashboard.wire.report.report import DiscardReason
from tests.analysis.causes.test_causes import THREADS, free
from tests.analysis.planted import report_of
from tests.runs.fakes import FakeTargets, samples

PROJECT = FakeTargets().project


class Log:
    """What was written, and how often the clock was asked for more."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.now_s = 100.0

    def clock(self) -> float:
        return self.now_s


@pytest.fixture
def log() -> Log:
    return Log()


def lines_to(log: Log, every_s: float = 3600) -> ProgressLines:
    return ProgressLines(log.lines.append, every_s, log.clock)


async def until(condition: Any) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("never said")


async def test_what_comes_after_the_rounds_is_in_the_line(log: Log) -> None:
    sink = lines_to(log)
    await sink.begin(make_plan(PROJECT, scenario="sleep", lanes=["sync@daphne"]))
    message = "Firing once more, sampled."
    await sink.event({"event": "target", "lane": 0, "state": "inside", "message": message})
    assert sink.line().startswith("0 s: sync@daphne firing once more, sampled; 0 of ")
    await sink.end(Outcome(Status.FINISHED))


async def test_many_events_are_one_line(log: Log) -> None:
    sink = lines_to(log)
    await sink.begin(make_plan(PROJECT, scenario="sleep", requests=5, rounds=2))
    await asyncio.sleep(0)
    for number in range(50):
        await sink.event({"event": "began", "lane": 0, "round": number})
        await sink.event({"event": "fired", "lane": 0, "round": number})
    log.now_s += 7
    await sink.end(Outcome(Status.FINISHED))
    assert log.lines[0].startswith("0 s: starting; 0 of ")
    assert log.lines[1].startswith("7 s: finished; 0 of ")
    assert len(log.lines) == 2


async def test_lines_continue_without_events(log: Log) -> None:
    sink = lines_to(log, every_s=0.001)
    await sink.begin(make_plan(PROJECT, scenario="sleep"))
    await until(lambda: len(log.lines) > 3)
    await sink.end(Outcome(Status.FINISHED))


async def test_a_line_has_round_lane_and_requests(log: Log) -> None:
    sink = lines_to(log)
    plan = make_plan(PROJECT, scenario="sleep", requests=5, rounds=3, lanes=["sync@daphne"])
    await sink.begin(plan)
    await sink.event({"event": "target", "lane": 0, "state": "starting"})
    assert "sync@daphne starting" in sink.line()
    message = "starting for 12 s of at most 90 s"
    await sink.event({"event": "target", "lane": 0, "state": "starting", "message": message})
    assert f"sync@daphne {message}; " in sink.line()
    await sink.event({"event": "began", "lane": 0, "round": 0})
    assert "warming up sync@daphne" in sink.line()
    await sink.event({"event": "began", "lane": 0, "round": 2})
    assert sink.line() == "0 s: round 2 of 3, sync@daphne; 0 of 15 requests"
    await sink.end(Outcome(Status.STOPPED))


async def test_a_repeated_round_adds_one_to_the_total(log: Log) -> None:
    sink = lines_to(log)
    await sink.begin(make_plan(PROJECT, scenario="sleep", rounds=1, lanes=["sync@daphne"]))
    reasons: tuple[tuple[int, DiscardReason], ...] = ((1, "stolen"), (2, "late"))
    for number, reason in reasons:
        await sink.event({"event": "began", "lane": 0, "round": number})
        await sink.event({"event": "discarded", "round": number, "reason": reason})
    await sink.event({"event": "began", "lane": 0, "round": 3})
    assert "round 3 of 3, sync@daphne" in sink.line()
    assert log.lines[-1] == "Round 2 is repeated: the load generator was late."
    await sink.end(Outcome(Status.FINISHED))


async def test_progress_never_goes_back_when_a_round_is_repeated(log: Log) -> None:
    sink = lines_to(log)
    plan = make_plan(PROJECT, scenario="sleep", requests=3, rounds=2, lanes=["sync@daphne"])
    await sink.begin(plan)
    endings = []
    for number in (1, 2, 3):
        await sink.event({"event": "began", "lane": 0, "round": number})
        data = frame.encode("samples", lane=0, round=number, origin_ns=0, columns=samples(3))
        await sink.frame(number, frame.decode(data))
        endings.append(sink.line().rpartition("; ")[2])
        if number == 1:
            await sink.event({"event": "discarded", "round": 1, "reason": "late"})
    await sink.end(Outcome(Status.FINISHED))
    assert endings == ["3 of 6 requests", "6 of 9 requests", "9 of 9 requests"]


async def test_a_warning_is_written_at_once_and_only_once(log: Log) -> None:
    sink = lines_to(log)
    for _ in range(2):  # the runs of an experiment
        await sink.begin(make_plan(PROJECT, scenario="sleep"))
        await sink.event({"event": "warning", "message": "DEBUG is true [of all]."})
        await sink.end(Outcome(Status.FINISHED))
    assert log.lines.count("Warning: DEBUG is true [of all].") == 1


@pytest.mark.django_db(transaction=True)
async def test_a_queued_run_is_reported(log: Log) -> None:
    plan = make_plan(PROJECT, scenario="sleep")
    first, second = [await asyncio.to_thread(run_queue.enqueue, plan, PROJECT) for _ in range(2)]
    await print_queue_position(first, log.lines.append)
    assert log.lines == []
    printing = asyncio.create_task(print_queue_position(second, log.lines.append, 0.001))
    await until(lambda: log.lines)
    await Run.objects.filter(pk=first.pk).aupdate(status=Status.FINISHED)
    await printing
    assert set(log.lines) == {"Queued: 1 run or experiment is ahead."}


@pytest.mark.parametrize(("terminal", "kind"), [(True, ProgressBars), (False, ProgressLines)])
def test_bars_are_for_terminals_alone(terminal: bool, kind: type) -> None:
    console = Console(file=io.StringIO(), force_terminal=terminal)
    assert isinstance(progress(console), kind)


@pytest.mark.parametrize(
    ("stderr", "same_file"), [(subprocess.STDOUT, True), (subprocess.PIPE, False)]
)
def test_one_destination_of_stdout_and_stderr_is_detected(stderr: int, same_file: bool) -> None:
    code = (
        "from dashboard.management.terminal.outputs import stdout_is_stderr as same; print(same())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=stderr, text=True, check=True
    )
    assert done.stdout.strip() == str(same_file)


def test_a_warning_printed_already_is_not_repeated() -> None:
    report: Any = {**report_of([THREADS, free()], 20, 1), "warnings": ["DEBUG is true.", "Other."]}
    notes = list(result_notes(report, {"DEBUG is true."}))
    assert "Warning: Other." in notes
    assert "Warning: DEBUG is true." not in notes
    assert "Warning: DEBUG is true." in list(result_notes(report))


def test_warnings_of_one_kind_are_counted_below_the_result() -> None:
    warned = [f"async@daphne, round {n}: the host took {n}.5 % away." for n in (1, 2, 3)]
    printed = PrintedWarnings()
    assert [printed.is_new(message) for message in warned] == [True, False, False]
    report: Any = {**report_of([THREADS, free()], 20, 1), "warnings": warned}
    assert (
        "Warning: 3 firings: the host took 1.5 to 3.5 % away (async@daphne, rounds 1–3)."
        in list(result_notes(report, printed.messages))
    )
    printed.begin_run()
    assert not printed.is_new(warned[0])  # in all runs once
    assert printed.is_new(warned[1])
