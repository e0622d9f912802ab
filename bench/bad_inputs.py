"""`python -m bench.bad_inputs`: bad inputs at every door, and what became of them.

No input may be answered by 5xx or a traceback, hang, start a run, or leave anything behind in the
dashboard. Inputs come in batches from Hypothesis, each with a seed of its own: the results of each
batch are appended to a file, and what is in it is not repeated, so the command can be stopped and
started again. Afterwards a run is fired, which has to finish. `--jobs` dashboards and doors are
open side by side, each with a home of its own.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import cycle
from multiprocessing import active_children, get_context
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from .doors.arguments import ArgumentDoor
from .doors.dashboard import Dashboard, Footprint, dashboard
from .doors.datagrams import DatagramDoor
from .doors.door import Door, Fault
from .doors.imports import ImportDoor
from .doors.lab_toml import LabTomlDoor
from .doors.over_http import FormDoor, HttpDoor
from .doors.over_websocket import WebsocketDoor
from .interrupts import end_by_interrupt

RESULTS = Path("bad_inputs.jsonl")
COUNT, BATCH = 100_000, 500
MAX_GROWTH = Footprint(memory_mib=40, descriptors=20, threads=20)
LONGEST_SHOWN = 300

# What share of the inputs each door gets.
SHARES: Mapping[str, float] = {
    "http": 0.30, "forms": 0.20, "websocket": 0.15, "import": 0.10, "lab.toml": 0.10,
    "arguments": 0.05, "datagrams": 0.10,
}  # fmt: skip
OF_A_DASHBOARD: Mapping[str, Callable[[Dashboard], Door]] = {
    "http": HttpDoor,
    "forms": FormDoor,
    "websocket": WebsocketDoor,
    "import": ImportDoor,
    "datagrams": DatagramDoor,
}
SLOWEST_FIRST = ("arguments", "forms", "http", "import", "lab.toml", "websocket", "datagrams")
# Batches of a shift: few, so that all jobs have work to the end; a dashboard starts in 5 s.
MOST_ALONE, MOST_AT_A_DASHBOARD = 4, 10
ALONE: Mapping[str, Callable[[], Door]] = {"lab.toml": LabTomlDoor, "arguments": ArgumentDoor}


@dataclass
class Batch:
    """What became of a batch of inputs; without `faults` every promise held.

    One without inputs, by a negative number, has what several batches left in their dashboard.
    """

    door: str
    number: int
    inputs: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    growth: dict[str, float] = field(default_factory=dict)


def perform(name: str, door: Door, number: int, size: int) -> Batch:
    """Send a batch of inputs through a door; a fault ends the batch."""
    answers: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=size,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(door.inputs)
    def send(value: Any) -> None:
        try:
            answers[door.answer(value)] += 1
        except Exception as error:
            raise Fault(f"{_named(error)}, to {value!r:.{LONGEST_SHOWN}}") from error

    faults: list[str] = []
    try:
        send()
        door.check()
    except Exception as error:
        faults.append(_named(error))
    return Batch(name, number, sum(answers.values()), dict(answers), faults)


def _named(error: BaseException) -> str:
    """Return the text of an error; of one that did not repeat, what it was the first time."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(map(_named, error.exceptions))
    return str(error) if isinstance(error, Fault) else f"{type(error).__name__}: {error}"


def todo(count: int, names: Sequence[str], done: set[tuple[str, int]], size: int) -> Iterator[Any]:
    """Yield door and number of each batch that is not done, door by door."""
    for name in names:
        batches = max(1, round(count * SHARES[name] / size))
        yield from ((name, number) for number in range(batches) if (name, number) not in done)


@dataclass(frozen=True)
class Shift:
    """Batches at one door, one after the other; none begins after `until_s` (monotonic)."""

    door: str
    numbers: Sequence[int]
    size: int
    results: Path
    until_s: float = math.inf

    def perform(self) -> int:
        """Perform the batches and append them to the results; return how many faults there were."""
        if time.monotonic() >= self.until_s:
            return 0
        if self.door in ALONE:
            with opened(self.door, None) as door:
                return self._perform(door, self.numbers)
        with dashboard() as place:
            return self._perform_at(place)

    def _perform_at(self, place: Dashboard) -> int:
        with opened(self.door, place) as door:
            # What is made once, such as caches, is no growth.
            faults = self._perform(door, self.numbers[:1])
            before, started = place.footprint, place.started()
            faults += self._perform(door, self.numbers[1:])
        after = asdict(place.footprint)
        growth = {name: round(after[name] - value, 1) for name, value in asdict(before).items()}
        left = changes(place, before, started)
        try:
            place.fire()
        except Fault as fault:
            left.append(str(fault))
        self._write(Batch(self.door, -1 - self.numbers[0], faults=left, growth=growth))
        return faults + len(left)

    def _perform(self, door: Door, numbers: Sequence[int]) -> int:
        faults = 0
        for number in numbers:
            if time.monotonic() < self.until_s:
                batch = perform(self.door, door, number, self.size)
                faults += len(batch.faults)
                self._write(batch)
        return faults

    def _write(self, batch: Batch) -> None:
        with self.results.open("a") as file:
            file.write(json.dumps(asdict(batch)) + "\n")
        lines = [f"{batch.door} {batch.number}: {batch.inputs} {batch.answers or batch.growth}"]
        print("\n    ".join([*lines, *batch.faults]), flush=True)


def shifts(
    work: Sequence[tuple[str, int]], size: int, results: Path, until_s: float = math.inf
) -> list[Shift]:
    """Return the batches as shifts of one door each, those first that take longest."""
    made: list[Shift] = []
    for name in SLOWEST_FIRST:
        numbers = [number for door, number in work if door == name]
        most = MOST_ALONE if name in ALONE else MOST_AT_A_DASHBOARD
        made.extend(
            Shift(name, numbers[first : first + most], size, results, until_s)
            for first in range(0, len(numbers), most)
        )
    return made


def perform_all(work: Sequence[Shift], jobs: int) -> int:
    """Perform the shifts, `jobs` at a time; return how many faults there were."""
    if jobs == 1:
        return sum(shift.perform() for shift in work)
    spawn = get_context("spawn")
    cores: SimpleQueue[int] = spawn.SimpleQueue()
    for _, core in zip(range(jobs), cycle(sorted(os.sched_getaffinity(0))), strict=False):
        cores.put(core)
    with ProcessPoolExecutor(jobs, spawn, _take_core, (cores,)) as pool:
        performed = [pool.submit(_performed, shift) for shift in work]
        try:
            return sum(map(_faults_of, performed))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in active_children():  # each ends the dashboard that it has started
                os.kill(process.pid or 0, signal.SIGINT)
            raise


def _performed(shift: Shift) -> int:
    """Perform a shift; an interrupt ends this process, which would else begin the next one."""
    try:
        return shift.perform()
    except KeyboardInterrupt:
        os._exit(128 + signal.SIGINT)


def _faults_of(performed: Future[int]) -> int:
    """Return how many faults a shift found; one that could not be performed is one."""
    try:
        return performed.result()
    except Exception as error:
        print(f"a shift could not be performed: {error!r}", flush=True)
        return 1


def _take_core(cores: SimpleQueue[int]) -> None:
    """Keep this process and its dashboards, which wait for each other, to one core.

    On two cores all dashboards would share the first one, at the lowest priority.
    """
    end_by_interrupt()
    os.sched_setaffinity(0, {cores.get()})


def batches_in(results: Path) -> list[Batch]:
    """Return the batches in a file of results, of one that was repeated the last time."""
    lines = results.read_text().splitlines() if results.exists() else []
    batches = (Batch(**json.loads(line)) for line in lines)
    return list({(batch.door, batch.number): batch for batch in batches}.values())


@contextmanager
def opened(name: str, place: Dashboard | None) -> Iterator[Door]:
    """Open a door, and close it at the end of the block."""
    if name in ALONE:
        door = ALONE[name]()
    else:
        assert place is not None
        door = OF_A_DASHBOARD[name](place)
    try:
        yield door
    finally:
        door.close()


def changes(place: Dashboard, before: Footprint, started: Sequence[int]) -> list[str]:
    """Return what the inputs have left in a dashboard that they must not."""
    after, faults = place.footprint, []
    for name, most in asdict(MAX_GROWTH).items():
        growth = getattr(after, name) - getattr(before, name)
        if growth > most:
            faults.append(f"{name} grew by {growth:.0f}")
    if (now := place.started()) != started:
        faults.append(f"runs and experiments were {started}, now {now}")
    if errors := place.errors():
        faults.append(f"the log has {len(errors)} errors: {errors[0]}")
    return faults


def table(batches: Sequence[Batch]) -> str:
    """Return the results by door, as a table in Markdown."""
    lines = [
        "| door | inputs | answers | memory, MiB (most) | faults |",
        "| --- | ---: | --- | ---: | ---: |",
    ]
    for name in SHARES:
        of_door = [batch for batch in batches if batch.door == name]
        answers: Counter[str] = Counter()
        for batch in of_door:
            answers.update(batch.answers)
        counts = ", ".join(f"{answer}: {number:,}" for answer, number in answers.most_common())
        faults = sum(len(batch.faults) for batch in of_door)
        inputs = sum(batch.inputs for batch in of_door)
        grown = [batch.growth["memory_mib"] for batch in of_door if batch.growth]
        most = f"{max(grown):+.0f}" if grown else "–"
        lines.append(f"| {name} | {inputs:,} | {counts} | {most} | {faults} |")
    return "\n".join(lines)


def main() -> int:
    """Send the inputs that the results lack; return 1 if a promise was broken."""
    parser = ArgumentParser(prog="python -m bench.bad_inputs", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="inputs at all doors together")
    parser.add_argument("--door", action="append", choices=list(SHARES), help="only this one")
    parser.add_argument("--batch", type=int, default=BATCH, help="inputs in a batch")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--jobs", type=int, default=1, help="doors side by side")
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no batch after that")
    parser.add_argument("--again", action="store_true", help="repeat batches that found a fault")
    options = parser.parse_args()
    end_by_interrupt()
    until_s = time.monotonic() + 60 * options.minutes
    done = {
        (batch.door, batch.number)
        for batch in batches_in(options.results)
        if not (options.again and batch.faults)
    }
    work = list(todo(options.count, options.door or list(SHARES), done, options.batch))
    faults = perform_all(shifts(work, options.batch, options.results, until_s), options.jobs)
    print(table(batches_in(options.results)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
