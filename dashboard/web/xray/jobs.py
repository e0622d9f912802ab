"""X-rays being made, and the last ones made, in memory."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field

from django.http import Http404

from dashboard.runs.planning.program import suggested_command
from dashboard.runs.xray.traced_request import RequestTracer, XrayResult, XraySubject
from dashboard.wire.errors import LiveburstError

MAX_KEPT = 20
BUSY = "A run or a calibration is using the machine. Try again when it has finished."


@dataclass
class XrayJob:
    """One X-ray: what it does now, and once it has ended, its result or its problem.

    `first` is the id of the X-ray that it is laid beside, which is made `again` after it; empty
    for one on its own.
    """

    subject: XraySubject
    step: str = "waiting for the machine"
    result: XrayResult | None = None
    busy: bool = False  # it has ended because the machine was in use
    problem: LiveburstError | None = None
    first: str = ""
    again: XrayResult | None = None
    begun_s: float = field(default_factory=time.monotonic)
    task: asyncio.Task[None] | None = None  # kept, since a loop keeps only weak references

    @property
    def ended(self) -> bool:
        """True if it has a result or a problem. Raises what ended its task unexpectedly."""
        if self.result or self.busy or self.problem:
            return True
        if self.task and self.task.done():
            self.task.result()
        return False

    @property
    def age_s(self) -> float:
        """The seconds since it was started."""
        return time.monotonic() - self.begun_s

    async def run(self, tracer: RequestTracer, again: XraySubject | None = None) -> None:
        """Trace, and keep what comes of it; `again` is traced after it."""
        subjects = [self.subject, *([again] if again else [])]
        try:
            results = await tracer.trace_if_free(subjects, self._show)
            self.result, self.again = (*(results or []), None, None)[:2]
            self.busy = self.result is None
        except LiveburstError as error:
            self.problem = error

    def _show(self, step: str) -> None:
        self.step = step


class XrayStore:
    """What makes this process's X-rays, and its last jobs, kept in memory."""

    def __init__(self) -> None:
        self._tracer: RequestTracer | None = None
        self._jobs: dict[str, XrayJob] = {}

    def use(self, tracer: RequestTracer) -> None:
        """Set what makes X-rays and forget jobs; `manage.py lab` does so before serving."""
        self._tracer = tracer
        self._jobs.clear()

    def start(self, subject: XraySubject, first: str = "") -> str:
        """Start an X-ray that outlives the request; return its id in URLs.

        `first` is the id of the one that it is laid beside.

        Raises LiveburstError before `use`.
        """
        if self._tracer is None:
            raise LiveburstError(f"Start the dashboard with: {suggested_command('lab')}")
        job = XrayJob(subject, first=first)
        again = self._jobs[first].subject if first else None
        job.task = asyncio.create_task(job.run(self._tracer, again))
        return self.keep(job)

    def keep(self, job: XrayJob) -> str:
        """Keep a job, dropping the oldest ended ones of many; return its id in URLs."""
        number = secrets.token_hex(4)
        self._jobs[number] = job
        ended = [
            number for number, job in self._jobs.items() if job.task is None or job.task.done()
        ]
        for oldest in ended[: max(len(self._jobs) - MAX_KEPT, 0)]:
            del self._jobs[oldest]
        return number

    def get(self, number: str) -> XrayJob:
        """Return a job. Raises Http404 if it is unknown or was dropped."""
        if number not in self._jobs:
            raise Http404("Only the last few X-rays are kept, and only until the dashboard ends.")
        return self._jobs[number]

    def beside(self, number: str) -> dict[str, XrayJob]:
        """Return the jobs that are laid beside this one, oldest first, by their ids."""
        return {other: job for other, job in self._jobs.items() if job.first == number}

    def first_of(self, job: XrayJob) -> XrayResult | None:
        """Return the X-ray that a job is laid beside; None if there is none, or no longer."""
        first = self._jobs.get(job.first)
        return first.result if first else None


xray_store = XrayStore()
