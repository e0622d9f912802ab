"""Sampled firings that the page started: which run, what it does now, what went wrong.

Their result is stored with the run, by what performs them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dashboard.models import Run
from dashboard.runs.planning.program import suggested_command
from dashboard.wire.errors import LiveburstError

PROBLEM_S = 600.0
UNEXPECTED = (
    "It could not be sampled, because of an error in Liveburst; dashboard.log has the details."
)
BUSY = "A run or a calibration is using the machine. Try again when it has finished."
OnStep = Callable[[str], None]
logger = logging.getLogger(__name__)


class LaneSampler(Protocol):
    """Fires once more at lanes of a run that has ended, samples them and stores the result."""

    async def sample_if_free(self, run: Run, lanes: Sequence[str], on_step: OnStep) -> bool:
        """Sample the lanes of these names; return False if the machine is in use.

        Raises LiveburstError or OSError if that fails.
        """


@dataclass
class WhereJob:
    """One sampling: what it does now, and once it has ended, whether it worked."""

    step: str = "waiting for the machine"
    problem: str = ""
    log_tail: str = ""
    begun_s: float = field(default_factory=time.monotonic)
    ended_s: float | None = None
    task: asyncio.Task[None] | None = None  # kept, since a loop keeps only weak references

    @property
    def age_s(self) -> float:
        """The seconds since it was started."""
        return time.monotonic() - self.begun_s

    @property
    def shown(self) -> bool:
        """True while it lasts, and then for some time if it failed: the result is in the run."""
        if self.ended_s is None:
            return True
        return bool(self.problem) and time.monotonic() - self.ended_s < PROBLEM_S

    async def perform(self, sampler: LaneSampler, run: Run, lanes: Sequence[str]) -> None:
        """Sample, and keep what went wrong."""
        try:
            if not await sampler.sample_if_free(run, lanes, self._show):
                self.problem = BUSY
        except (LiveburstError, OSError) as error:
            self.problem = str(error)
            self.log_tail = str(getattr(error, "log_tail", None) or "")
        except Exception:
            logger.exception("Run %s could not be sampled", run.pk)
            self.problem = UNEXPECTED
        finally:
            self.ended_s = time.monotonic()

    def _show(self, step: str) -> None:
        self.step = step


class WhereJobs:
    """What samples lanes for this process's page, and the last job of each run."""

    def __init__(self) -> None:
        self._sampler: LaneSampler | None = None
        self._jobs: dict[str, WhereJob] = {}

    def use(self, sampler: LaneSampler) -> None:
        """Set what samples lanes and forget jobs; `manage.py lab` does so before serving."""
        self._sampler = sampler
        self._jobs.clear()

    @property
    def can_sample(self) -> bool:
        """True after `use`: there is something that samples lanes."""
        return self._sampler is not None

    def start(self, run: Run, lanes: Sequence[str]) -> None:
        """Start sampling lanes of a run, unless its last job has not ended.

        Raises LiveburstError before `use`.
        """
        if self._sampler is None:
            raise LiveburstError(f"Start the dashboard with: {suggested_command('lab')}")
        running = self._jobs.get(run.pk)
        if running is not None and running.ended_s is None:
            return
        self._jobs = {number: job for number, job in self._jobs.items() if job.shown}
        job = self._jobs[run.pk] = WhereJob()
        job.task = asyncio.create_task(job.perform(self._sampler, run, lanes))

    def of(self, run_id: str) -> WhereJob | None:
        """Return the run's last job; None if there is none, or if it succeeded."""
        job = self._jobs.get(run_id)
        return job if job is not None and job.shown else None


where_jobs = WhereJobs()
