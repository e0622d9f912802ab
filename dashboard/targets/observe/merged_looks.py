"""Merges what the samplers of several processes wrote: one table of frames, of stacks, of facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, get_args

from dashboard.project.secrets.masking import masked
from dashboard.wire.percentile import nearest_rank
from dashboard.wire.report.where import STATES, SamplerFacts, State
from dashboard.wire.traces.looks import LookFrame, LookLine, Looks, LookStack, Note
from dashboard.wire.units import NS_PER_MS

from .source_calls import Sources, read_expression

MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)
_NOTES: tuple[Note, ...] = get_args(Note)
_LOST = 0  # the number of a stack that no longer fitted into a process's table
# What the samplers say could not be seen, as sentences; any other word is the type of an error.
LIMITS = {
    "frames": "A process ran more different lines than are kept: some looks have no line.",
    "stacks": "A process had more different stacks than are kept: some looks have no line.",
    "full": "A process saw more than its file may hold: what it did later is missing.",
    "unwritten": "A process had not written in time what it saw last.",
    "clocks": "This system has no CPU clock for each thread: computing and waiting look alike.",
    "waits": (
        "This system does not show what a thread waits for: a thread that waits for the GIL may"
        " look like one that is blocked."
    ),
}

Key = tuple[State, tuple[int, ...], Note]


@dataclass
class _Sums:
    """The looks with one state, stack and note."""

    looks: int = 0
    ns: int = 0
    cpu_ns: int = 0
    requests: set[int] = field(default_factory=set)

    def add(self, request: int, looks: int, ns: int, cpu_ns: int) -> None:
        self.looks += looks
        self.ns += ns
        self.cpu_ns += min(cpu_ns, ns)
        self.requests.add(request)


@dataclass
class _Facts:
    """How the sampler of one process did, in the time that is looked at."""

    looks: int = 0  # that met a request
    looked_ns: int = 0
    cpu_ns: int = 0
    wall_ns: int = 0
    late_ns: list[int] = field(default_factory=list)

    @property
    def interval_ns(self) -> float:
        return self.looked_ns / self.looks if self.looks else 0.0

    @property
    def cpu_share(self) -> float:
        return self.cpu_ns / self.wall_ns if self.wall_ns else 0.0


@dataclass(frozen=True)
class _ReadFrame:
    """A frame as it is within a stack, and as the innermost of one."""

    frame: LookFrame
    innermost: LookFrame


class MergedLooks:
    """The looks at the requests that entered between two instants, of all processes."""

    def __init__(self, project: Path, start_ns: int, end_ns: int) -> None:
        self._sources = Sources(project)
        self._start_ns, self._end_ns = start_ns, end_ns
        self._numbers = count()
        self._requests = 0
        self._frames: dict[LookFrame, int] = {}
        self._sums: dict[Key, _Sums] = {}
        self._facts: list[_Facts] = []
        self._limits: dict[str, None] = {}

    def add(self, lines: Iterable[LookLine]) -> None:
        """Add what one process wrote."""
        process = _Process(self)
        for line in lines:
            try:
                process.add(line)
            except MALFORMED:
                continue
        if process.visits:
            self._requests += len(process.visits)
            self._facts.append(process.facts)

    def add_limit(self, word: str) -> None:
        """Add what could not be seen, by its word; each is kept once."""
        self._limits[
            LIMITS.get(word) or f"A sampler failed ({masked(word)}): looks are missing."
        ] = None

    def looks(self) -> Looks:
        """Return everything that was added."""
        stacks = [
            LookStack(
                *(state, frames, sums.looks, sums.ns / NS_PER_MS, sums.cpu_ns / NS_PER_MS),
                requests=frozenset(sums.requests),
                note=note,
            )
            for (state, frames, note), sums in self._sums.items()
        ]
        return Looks(
            *(self._start_ns, self._end_ns, self._requests, tuple(self._frames)),
            stacks=tuple(sorted(stacks, key=lambda stack: -stack.ms)),
            sampler=self._sampler_facts(),
        )

    def is_inside(self, entered_ns: int) -> bool:
        """Return True for a request that entered between the instants."""
        return self._start_ns <= entered_ns <= self._end_ns

    def is_window(self, begin_ns: int, end_ns: int) -> bool:
        """Return True if some of this time is between the instants."""
        return end_ns > self._start_ns and begin_ns < self._end_ns

    def new_request(self) -> int:
        """Return a number that no other request has."""
        return next(self._numbers)

    def read_frame(self, written: Sequence[Any]) -> _ReadFrame:
        """Return a frame as a sampler writes it, with the call that its source has there."""
        path, own, line, function, module, expression = written
        frame = LookFrame(masked(path), int(line), masked(function), masked(module), bool(own))
        read = read_expression(expression) if own else None
        if read is None:
            return _ReadFrame(frame, frame)
        calling = replace(frame, call=masked(self._sources.call(path, read)))
        return _ReadFrame(calling, frame if read.calls_only_what_has_a_frame else calling)

    def stack(self, frames: Sequence[_ReadFrame]) -> tuple[int, ...]:
        """Return the positions of a stack's frames in the merged table."""
        if not frames:
            return ()
        used = [*(read.frame for read in frames[:-1]), frames[-1].innermost]
        return tuple(self._frames.setdefault(frame, len(self._frames)) for frame in used)

    def sums(self, state: str, frames: tuple[int, ...], note: str) -> _Sums:
        """Return the sums of these looks. Raises ValueError for an unknown state or note."""
        known_state = STATES[STATES.index(state)]
        known_note = _NOTES[_NOTES.index(note)]
        return self._sums.setdefault((known_state, frames, known_note), _Sums())

    def _sampler_facts(self) -> SamplerFacts:
        late_ns = sorted(late for facts in self._facts for late in facts.late_ns)
        worst_ns = max(late_ns, default=0)
        return {
            "interval_ms": max((facts.interval_ns for facts in self._facts), default=0) / NS_PER_MS,
            "cpu_share": max((facts.cpu_share for facts in self._facts), default=0.0),
            "late_ms_p99": (nearest_rank(late_ns, 99.0) or worst_ns) / NS_PER_MS,
            "late_ms_max": worst_ns / NS_PER_MS,
            "looks": sum(sums.looks for sums in self._sums.values()),
            "processes": len(self._facts),
            "limits": list(self._limits),
        }


class _Process:
    """What one process wrote, line by line; its numbers are its own."""

    def __init__(self, merged: MergedLooks) -> None:
        self._merged = merged
        self._frames: dict[int, _ReadFrame] = {}
        self._stacks: dict[int, Sequence[int]] = {_LOST: ()}
        self._merged_stacks: dict[int, tuple[int, ...]] = {}
        self.visits: dict[int, int] = {}
        self.facts = _Facts()

    def add(self, line: LookLine) -> None:
        """Add a line. Raises one of MALFORMED if it is not as the sampler writes it."""
        for number, entered_ns in line.get("visits", ()):
            if self._merged.is_inside(int(entered_ns)):
                self.visits[int(number)] = self._merged.new_request()
        for number, *written in line.get("frames", ()):
            self._frames[int(number)] = self._merged.read_frame(written)
        for number, frames in line.get("stacks", ()):
            self._stacks[int(number)] = frames
        for seen in line.get("seen", ()):
            self._add_seen(*seen)
        self._add_facts(line)

    def _add_seen(self, stack: int, state: str, note: str, numbers: Sequence[int]) -> None:
        each = iter(numbers)
        for visit, looks, ns, cpu_ns in zip(each, each, each, each, strict=True):
            if (request := self.visits.get(visit)) is not None:
                sums = self._merged.sums(state, self._stack(stack), note)
                sums.add(request, int(looks), int(ns), int(cpu_ns))

    def _stack(self, number: int) -> tuple[int, ...]:
        """Return a stack of the process in the merged table, which has only those that are used."""
        if number not in self._merged_stacks:
            frames = [self._frames[at] for at in self._stacks[number]]
            self._merged_stacks[number] = self._merged.stack(frames)
        return self._merged_stacks[number]

    def _add_facts(self, line: LookLine) -> None:
        if "until" not in line:
            return
        until_ns, wall_ns = int(line["until"]), int(line.get("wall_ns", 0))
        if not self._merged.is_window(until_ns - wall_ns, until_ns):
            return
        late_ns = [int(late) for late in line.get("late_ns", ())]  # one number for each look
        self.facts.looks += len(late_ns)
        self.facts.looked_ns += len(late_ns) * int(line.get("interval_ns", 0))
        self.facts.cpu_ns += int(line.get("cpu_ns", 0))
        self.facts.wall_ns += wall_ns
        self.facts.late_ns += late_ns
        for word in (*line.get("limits", ()), *(("full",) if line.get("full") else ())):
            self._merged.add_limit(str(word))
