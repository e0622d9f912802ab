"""Progress in a terminal: a bar for each lane, warnings as lines above them."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from dashboard.runs.reports.wording import WHY_REPEATED
from dashboard.runs.sinks.sink import Outcome
from dashboard.wire.events import RunEvent, TargetEvent
from dashboard.wire.failure import Failure
from dashboard.wire.frame import Frame
from dashboard.wire.plan.plan import Plan
from dashboard.wire.report.report import DiscardReason

from .printed_warnings import PrintedWarnings


class ProgressBars:
    """A sink that draws a bar for each lane, and prints warnings and repeated rounds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lanes: list[str] = []
        self._requests = 0  # of a lane in a round
        self._total = 0  # of a lane in all rounds
        self._bars: list[TaskID] = []
        self.warned = PrintedWarnings()

    async def begin(self, plan: Plan) -> None:
        """Draw a bar for each lane."""
        self.warned.begin_run()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}"),
            console=self._console,
            transient=True,
        )
        self._lanes = [str(lane) for lane in plan.lanes]
        self._requests = plan.load.requests
        self._total = self._requests * plan.rounds
        self._bars = [
            self._progress.add_task(lane, total=self._total, state="") for lane in self._lanes
        ]
        self._progress.start()

    async def event(self, event: RunEvent) -> None:
        """Show a lane's state beside its bar, and print the first warning of each kind."""
        match event["event"]:
            case "target":
                self._show_state(event["lane"], state_shown(event))
            case "began":
                number = event["round"]
                self._show_state(event["lane"], f"round {number}" if number else "warm-up")
            case "fired":
                self._show_state(event["lane"], "")
            case "discarded":
                self._add_round(event["round"], event["reason"])
            case "warning" if self.warned.is_new(event["message"]):
                self._console.print(f"Warning: {event['message']}", highlight=False, markup=False)

    async def frame(self, sequence: int, frame: Frame) -> None:
        """Count the samples of all rounds, repeated ones included, but not of the warm-up."""
        if frame.kind == "samples" and frame.round:
            cut_off = sum(1 for error in frame.columns["error"] if error == Failure.ABORTED)
            self._progress.advance(self._bars[frame.lane], frame.rows - cut_off)

    async def end(self, outcome: Outcome) -> None:
        """Remove the bars."""
        self._progress.stop()

    def _add_round(self, number: int, reason: DiscardReason) -> None:
        """Add a round to the total, since this one is repeated; its requests stay counted."""
        self._total += self._requests
        for bar in self._bars:
            self._progress.update(bar, total=self._total)
        message = f"Round {number} is repeated: {WHY_REPEATED[reason]}."
        self._console.print(message, highlight=False)

    def _show_state(self, lane: int, state: str) -> None:
        self._progress.update(self._bars[lane], state=state)


def state_shown(event: TargetEvent) -> str:
    """Return the state of a lane's target: how long a long start has taken, what comes after."""
    message = event.get("message", "")
    if event["state"] == "inside":  # a step after the rounds
        return message[:1].lower() + message[1:].rstrip(".")
    return message if " of at most " in message else event["state"]
