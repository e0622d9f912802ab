"""`python -m bench.bad_inputs`: bad inputs at every door, and what became of them.

No input may be answered by 5xx or a traceback, hang, start a run, or leave anything behind in the
dashboard. Inputs come in batches from Hypothesis, each with a seed of its own: the results of each
batch are appended to a file, and what is in it is not repeated, so the command can be stopped and
started again. Afterwards a run is fired, which has to finish.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
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
ALONE: Mapping[str, Callable[[], Door]] = {"lab.toml": LabTomlDoor, "arguments": ArgumentDoor}


@dataclass
class Batch:
    """What became of a batch of inputs; without `faults` every promise held."""

    door: str
    number: int
    inputs: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


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


def batches_in(results: Path) -> list[Batch]:
    """Return the batches in a file of results."""
    lines = results.read_text().splitlines() if results.exists() else []
    return [Batch(**json.loads(line)) for line in lines]


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
    print(f"    before {before}\n    after  {after}")
    for name, most in asdict(MAX_GROWTH).items():
        growth = getattr(after, name) - getattr(before, name)
        if growth > most:
            faults.append(f"{name} grew by {growth:.0f}")
    if (now := place.started()) != started:
        faults.append(f"runs and experiments were {started}, now {now}")
    if errors := place.errors():
        faults.append(f"the log has {len(errors)} errors: {errors[0]}")
    return faults


def perform_all(work: Sequence[tuple[str, int]], size: int, results: Path) -> int:
    """Perform the batches and append them to the results; return how many faults there were."""
    names = list(dict.fromkeys(name for name, _ in work))
    faults = 0
    for name in names:
        numbers = [number for each, number in work if each == name]
        if name in ALONE:
            with opened(name, None) as door:
                faults += _perform_door(name, door, numbers, size, results)
            continue
        with dashboard() as place:
            faults += _perform_at(place, name, numbers, size, results)
    return faults


def _perform_at(
    place: Dashboard, name: str, numbers: Sequence[int], size: int, results: Path
) -> int:
    with opened(name, place) as door:
        # What is made once, such as caches, is no growth.
        faults = _perform_door(name, door, numbers[:1], size, results)
        before, started = place.footprint, place.started()
        faults += _perform_door(name, door, numbers[1:], size, results)
    left = changes(place, before, started)
    try:
        place.fire()
    except Fault as fault:
        left.append(str(fault))
    for each in left:
        print(f"    {name}: {each}")
    return faults + len(left)


def _perform_door(name: str, door: Door, numbers: Sequence[int], size: int, results: Path) -> int:
    faults = 0
    for number in numbers:
        batch = perform(name, door, number, size)
        faults += len(batch.faults)
        with results.open("a") as file:
            file.write(json.dumps(asdict(batch)) + "\n")
        print(f"{name} {number}: {batch.inputs} {batch.answers}", *batch.faults, sep="\n    ")
        sys.stdout.flush()
    return faults


def table(batches: Sequence[Batch]) -> str:
    """Return the results by door, as a table in Markdown."""
    lines = ["| door | inputs | answers | faults |", "| --- | ---: | --- | ---: |"]
    for name in SHARES:
        of_door = [batch for batch in batches if batch.door == name]
        answers: Counter[str] = Counter()
        for batch in of_door:
            answers.update(batch.answers)
        counts = ", ".join(f"{answer}: {number:,}" for answer, number in answers.most_common())
        faults = sum(len(batch.faults) for batch in of_door)
        inputs = sum(batch.inputs for batch in of_door)
        lines.append(f"| {name} | {inputs:,} | {counts} | {faults} |")
    return "\n".join(lines)


def main() -> int:
    """Send the inputs that the results lack; return 1 if a promise was broken."""
    parser = ArgumentParser(prog="python -m bench.bad_inputs", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="inputs at all doors together")
    parser.add_argument("--door", action="append", choices=list(SHARES), help="only this one")
    parser.add_argument("--batch", type=int, default=BATCH, help="inputs in a batch")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    done = {(batch.door, batch.number) for batch in batches_in(options.results)}
    work = list(todo(options.count, options.door or list(SHARES), done, options.batch))
    faults = perform_all(work, options.batch, options.results)
    print(table(batches_in(options.results)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
