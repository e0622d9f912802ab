"""Progress without a terminal: a line every few seconds, as suits the log of a job."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from rich.console import Console

from dashboard.runs.queue.run_queue import QueueEntry, number_ahead_of
from dashboard.runs.reports.wording import WHY_REPEATED
from dashboard.runs.sinks.sink import Outcome
from dashboard.wire.events import RunEvent
from dashboard.wire.failure import Failure
from dashboard.wire.frame import Frame
from dashboard.wire.plan.plan import Plan
from dashboard.wire.plural import counted

from .printed_warnings import PrintedWarnings
from .progress_bars import ProgressBars, state_shown

EVERY_S = 5.0

Write = Callable[[str], None]


class ProgressLines:
    """A sink that writes the progress of a run at its start, every few seconds, and at its end.

    Warnings are written at once, the first of each kind, and each only once in all runs of an
    experiment.
    """

    def __init__(
        self,
        write: Write,
        every_s: float = EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._every_s = every_s
        self._clock = clock
        self.warned = PrintedWarnings()
        self._ticker: asyncio.Task[None] | None = None

    async def begin(self, plan: Plan) -> None:
        """Reset the counts and start to write."""
        self.warned.begin_run()
        self._lanes = [str(lane) for lane in plan.lanes]
        self._rounds, self._up_to = plan.rounds, "up to " if plan.until_sure else ""
        self._in_a_round = plan.load.requests * len(plan.lanes)
        self._total = self._in_a_round * plan.rounds
        self._done = 0
        self._what = "starting"
        self._began_s = self._clock()
        self._ticker = asyncio.create_task(self._tick())

    async def event(self, event: RunEvent) -> None:
        """Note the event for the next line; write warnings and repeated rounds at once."""
        match event["event"]:
            case "target":
                self._what = f"{self._lanes[event['lane']]} {state_shown(event)}"
            case "began" if event["round"] == 0:
                self._what = f"warming up {self._lanes[event['lane']]}"
            case "began":
                of = f"{self._up_to}{self._rounds}"
                self._what = f"round {event['round']} of {of}, {self._lanes[event['lane']]}"
            case "discarded":
                self._rounds += 1  # it is fired again under a number of its own
                self._total += self._in_a_round  # what was fired stays counted
                reason = WHY_REPEATED[event["reason"]]
                self._write(f"Round {event['round']} is repeated: {reason}.")
            case "warning" if self.warned.is_new(event["message"]):
                self._write(f"Warning: {event['message']}")

    async def frame(self, sequence: int, frame: Frame) -> None:
        """Count the samples of all rounds, repeated ones included, but not of the warm-up."""
        if frame.kind == "samples" and frame.round:
            cut_off = sum(1 for error in frame.columns["error"] if error == Failure.ABORTED)
            self._done += frame.rows - cut_off

    async def end(self, outcome: Outcome) -> None:
        """Write the last line."""
        if self._ticker is not None:
            self._ticker.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticker
        self._what = outcome.status
        self._write(self.line())

    def line(self) -> str:
        """Return the present state: *5 s: round 2 of 3, sync@daphne; 240 of 600 requests*."""
        of = f"{self._done:,} of {counted(self._total, 'request')}"
        return f"{self._clock() - self._began_s:.0f} s: {self._what}; {of}"

    async def _tick(self) -> None:
        while True:
            self._write(self.line())
            await asyncio.sleep(self._every_s)


def progress(console: Console) -> ProgressBars | ProgressLines:
    """Return the sink that shows progress: bars in a terminal, lines in a log."""
    if console.is_terminal:
        return ProgressBars(console)
    return ProgressLines(line_writer(console))


def line_writer(console: Console) -> Write:
    """Return a function that writes a line without wrapping it."""
    return lambda text: console.print(text, highlight=False, markup=False, soft_wrap=True)


async def print_queue_position(member: QueueEntry, write: Write, every_s: float = EVERY_S) -> None:
    """Write how many runs and experiments are ahead in the queue until there are none."""
    while ahead := await number_ahead_of(member):
        runs = counted(ahead, "run or experiment is", "runs or experiments are")
        write(f"Queued: {runs} ahead.")
        await asyncio.sleep(every_s)
