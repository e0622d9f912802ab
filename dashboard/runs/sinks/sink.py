"""What receives a run's events and frames. Browser, terminal and database differ only in sinks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from asgiref.sync import sync_to_async

from dashboard.models import LaneSamples, Run, RunLane, Status, StoredFrame, StoredReading
from dashboard.runs.engines.calibration import fresh_calibrations
from dashboard.runs.live.hub import Hub
from dashboard.runs.reports.environment import describe_environment
from dashboard.wire.events import INTERNAL, RunEvent, SampledEvent
from dashboard.wire.frame import NOT_STORED, Frame
from dashboard.wire.plan.plan import Plan
from dashboard.wire.report.report import Report
from dashboard.wire.report.target_facts import TargetFacts


@dataclass(frozen=True)
class Outcome:
    """How a run ended; `problem` and `log_tail` are why it failed."""

    status: Status
    problem: str = ""
    log_tail: str = ""


class Sink(Protocol):
    """Receives one run: begin, then events and frames as they come, then end.

    An exception raised by a sink ends the run as failed: what cannot be stored was not measured.
    """

    async def begin(self, plan: Plan) -> None:
        """Begin the run, which uses the machine alone from now on."""

    async def event(self, event: RunEvent) -> None:
        """Take an event, as in docs/frame.md."""

    async def frame(self, sequence: int, frame: Frame) -> None:
        """Take a frame; `sequence` is NOT_STORED for those that only make bars grow."""

    async def end(self, outcome: Outcome) -> None:
        """End the run, with any outcome."""


class Memory:
    """Keeps frames, events and outcome in memory, for tests."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.events: list[RunEvent] = []
        self.outcome: Outcome | None = None

    async def begin(self, plan: Plan) -> None:
        """Do nothing."""

    async def event(self, event: RunEvent) -> None:
        """Keep the event."""
        self.events.append(event)

    async def frame(self, sequence: int, frame: Frame) -> None:
        """Keep the frame if it is to be stored."""
        if sequence != NOT_STORED:
            self.frames.append(frame.data)

    async def end(self, outcome: Outcome) -> None:
        """Keep the outcome."""
        self.outcome = outcome


class Store:
    """Stores the run in the database, and at its end the report computed by `report_on`."""

    def __init__(self, run: Run, report_on: Callable[[Run], Awaitable[Report]]) -> None:
        self._run = run
        self._report_on = report_on
        # Facts found while a lane was measured, which outlive a restart of its target.
        self._found: dict[int, TargetFacts] = {}

    async def begin(self, plan: Plan) -> None:
        """Store the environment and the engine's calibration; the targets start now."""
        await sync_to_async(self._store_start)()

    def _store_start(self) -> None:
        """In one step: each of these is a thread's turn before the first bar."""
        calibration = fresh_calibrations().first()
        self._set(
            status=Status.STARTING,
            environment=describe_environment(),
            floor_ms=calibration.floor_ms if calibration else None,
            limit_rps=calibration.limit_rps if calibration else None,
        )

    async def event(self, event: RunEvent) -> None:
        """Store what an event adds to the run or its lanes."""
        match event["event"]:
            case "began" if self._run.status != Status.RUNNING:
                await self._save(status=Status.RUNNING)
            case "target" if "facts" in event:
                await self._save_facts(event["lane"], event["facts"])
            case "found" if "facts" in event:
                self._found.setdefault(event["lane"], {}).update(event["facts"])
                await self._save_facts(event["lane"])
            case "fired" if "reading" in event:
                await StoredReading.objects.acreate(run=self._run, data=event["reading"])
            case "sampled":
                await self._save_samples(event)
            case "discarded":
                discarded = [*self._run.discarded_rounds, event["round"]]
                await self._save(discarded_rounds=discarded)
            case "warning":
                message = event["message"]
                spoiled = self._run.spoiled or (message if event.get("spoils") else "")
                await self._save(warnings=[*self._run.warnings, message], spoiled=spoiled)

    async def frame(self, sequence: int, frame: Frame) -> None:
        """Store the frame if it is numbered."""
        if sequence != NOT_STORED:
            await StoredFrame.objects.acreate(run=self._run, sequence=sequence, data=frame.data)

    async def end(self, outcome: Outcome) -> None:
        """Store the outcome, and the report of what there is."""
        self._run.status = outcome.status
        report = await self._report_on(self._run)
        await self._save(
            status=outcome.status,
            problem=outcome.problem,
            log_tail=outcome.log_tail,
            report=report,
        )

    async def _save_facts(self, position: int, facts: TargetFacts | None = None) -> None:
        await sync_to_async(self._set_facts)(position, facts)

    def _set_facts(self, position: int, facts: TargetFacts | None) -> None:
        lane = RunLane.objects.get(run=self._run, position=position)
        lane.facts = {**(lane.facts if facts is None else facts), **self._found.get(position, {})}
        lane.save(update_fields=["facts"])

    async def _save_samples(self, event: SampledEvent) -> None:
        """Store what a sampled firing showed, in place of an earlier one of the same lane."""
        lane = await RunLane.objects.aget(run=self._run, position=event["lane"])
        values = {"where": event.get("where"), "missing": event.get("missing", "")}
        await LaneSamples.objects.aupdate_or_create(lane=lane, defaults=values)

    async def _save(self, **fields: Any) -> None:
        await sync_to_async(self._set)(**fields)

    def _set(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self._run, name, value)
        self._run.save(update_fields=list(fields))


class Broadcast:
    """Sends the run to its viewers; comes after Store, so that gaps can be filled."""

    def __init__(self, run: str, hub: Hub) -> None:
        self._run = run
        self._hub = hub

    async def begin(self, plan: Plan) -> None:
        """Open the run in the hub, and notify every page that the queue has changed."""
        self._hub.open(self._run)
        self._hub.send(self._run, {"event": "starting"})
        self._hub.send_to_all({"event": "line"})

    async def event(self, event: RunEvent) -> None:
        """Send the event, without what only the database needs."""
        shown: Any = {name: value for name, value in event.items() if name not in INTERNAL}
        self._hub.send(self._run, shown)

    async def frame(self, sequence: int, frame: Frame) -> None:
        """Send the frame."""
        self._hub.publish(self._run, sequence, frame)

    async def end(self, outcome: Outcome) -> None:
        """Notify the viewers that the report is stored, so that pages fetch it."""
        self._hub.complete(self._run)
        self._hub.send(self._run, {"event": "finished", "status": outcome.status})
        self._hub.close(self._run)
        self._hub.send_to_all({"event": "line"})
