"""Samplings that the page started: the last one of each run, what it does, what went wrong.

They are entries of the queue, in the database: a reload, a restart and other pages see them too.
Their result is stored with the run, by what performs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.timezone import now

from dashboard.models import Run, Sampling, Status
from dashboard.runs.planning.program import suggested_command
from dashboard.runs.queue import run_queue
from dashboard.wire.errors import LiveburstError

PROBLEM_S = 600.0
QUEUED, STARTING, STOPPED = "queued", "starting", "Stopped. What was sampled before is kept."
FAILED = (Status.FAILED, Status.INTERRUPTED)


class LaneSampler(Protocol):
    """Fires once more at lanes of a run that has ended, samples them and stores the result."""

    async def start(self, run: Run, lanes: Sequence[str]) -> Sampling:
        """Put that into the queue. Raises LiveburstError if it cannot be done."""

    async def stop(self, entry: Sampling) -> None:
        """Stop it, or remove it from the queue; do nothing if it has ended."""

    def step_of(self, entry: Sampling) -> str:
        """Return what it does now, in words; empty if that is unknown."""


@dataclass(frozen=True)
class WhereJob:
    """The last sampling of a run: what it does now; once it has ended, what is to be said of it.

    `note` is that it was stopped, `problem` why it failed.
    """

    id: str
    active: bool
    step: str
    age_s: float
    note: str = ""
    problem: str = ""
    log_tail: str = ""


class WhereJobs:
    """What samples lanes for this process's page, and the last job of each run."""

    def __init__(self) -> None:
        self._sampler: LaneSampler | None = None

    def use(self, sampler: LaneSampler | None) -> None:
        """Set what samples lanes; `manage.py lab` does so before serving."""
        self._sampler = sampler

    @property
    def can_sample(self) -> bool:
        """True after `use`: there is something that samples lanes."""
        return self._sampler is not None

    async def start(self, run: Run, lanes: Sequence[str]) -> None:
        """Queue a sampling of lanes of a run, unless one is active.

        Raises LiveburstError before `use`, and if the lanes cannot be sampled.
        """
        if self._sampler is None:
            raise LiveburstError(f"Start the dashboard with: {suggested_command('lab')}")
        await self._sampler.start(run, lanes)

    async def stop(self, entry: Sampling) -> None:
        """Stop a sampling, or remove it from the queue."""
        if self._sampler is not None:
            await self._sampler.stop(entry)

    def of(self, run_id: str) -> WhereJob | None:
        """Return the run's last job; None without one, and once nothing is to be said of it."""
        entry = Sampling.objects.filter(run=run_id).first()
        if entry is not None and entry.active and not run_queue.owner_alive(entry):
            run_queue.mark_interrupted()
            entry.refresh_from_db()
        if entry is None or not (entry.active or _is_recent(entry)):
            return None
        return WhereJob(
            id=entry.pk,
            active=entry.active,
            step=self._step(entry),
            age_s=(now() - entry.created).total_seconds(),
            note=STOPPED if entry.status == Status.STOPPED else "",
            problem=(entry.problem or "It failed.") if entry.status in FAILED else "",
            log_tail=entry.log_tail,
        )

    def _step(self, entry: Sampling) -> str:
        known = self._sampler.step_of(entry) if self._sampler is not None else ""
        return known or (QUEUED if entry.status == Status.WAITING else STARTING)


def _is_recent(entry: Sampling) -> bool:
    """Return True if an entry has ended a short time ago without its result."""
    if entry.status == Status.FINISHED:
        return False
    return entry.ended is None or (now() - entry.ended).total_seconds() < PROBLEM_S


where_jobs = WhereJobs()
