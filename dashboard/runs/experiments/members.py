"""The runs of an experiment; one that is damaged costs its own numbers and no others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dashboard.models import Experiment, Run, RunLane
from dashboard.runs.reports.readable import readable
from dashboard.wire.plural import counted

logger = logging.getLogger(__name__)
DAMAGED = "This run cannot be shown; dashboard.log has the details."


@dataclass(frozen=True)
class Members:
    """The runs in the order in which they were fired.

    `damaged` are those whose rows are not what Liveburst stores, by id, with their lanes.
    """

    runs: list[Run]
    damaged: Mapping[str, list[str]]

    def problem(self, experiment: Experiment) -> str:
        """Return the problem of the experiment, and how many of its runs cannot be shown."""
        if not self.damaged:
            return experiment.problem
        ids = ", ".join(self.damaged)
        runs = f"{counted(len(self.damaged), 'run')} cannot be shown ({ids})"
        return f"{experiment.problem} {runs}; dashboard.log has the details.".strip()


def members_of(experiment: Experiment, check: Callable[[Run], object]) -> Members:
    """Return the runs of an experiment, without those of which `check` raises an exception."""
    ids = list(experiment.runs.order_by("position").values_list("pk", flat=True))
    stored = {run.pk: run for run in readable(experiment.runs.prefetch_related("lanes"))}
    runs = [stored[key] for key in ids if key in stored and _passes(stored[key], check)]
    intact = {run.pk for run in runs}
    return Members(runs, {key: _lanes(key) for key in ids if key not in intact})


def _passes(run: Run, check: Callable[[Run], object]) -> bool:
    try:
        check(run)
    except Exception:
        logger.exception("Run %s cannot be shown in its experiment", run.pk)
        return False
    return True


def _lanes(run_id: str) -> list[str]:
    return list(RunLane.objects.filter(run=run_id).values_list("name", flat=True))
