"""The last deletions on the page Runs, which can be undone there."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.models import Run
from dashboard.runs.archive import stored_runs
from dashboard.runs.archive.deletion import Deletion, deletions
from dashboard.runs.archive.entries import Entry

from .experiment_rows import experiment_views

MOST_SHOWN = 5


@dataclass(frozen=True)
class DeletionView:
    """A deletion in words; restoring `run` undoes it."""

    run: str
    words: str


def deletion_views() -> list[DeletionView]:
    """Return the last deletions, the newest first."""
    last = deletions(MOST_SHOWN)
    runs = stored_runs.readable_runs([deletion.run for deletion in last])
    experiments = experiment_views([Entry(experiment=deletion.experiment) for deletion in last])
    return [
        DeletionView(
            deletion.run,
            _words(deletion, runs.get(deletion.run), experiments[deletion.experiment].words),
        )
        for deletion in last
    ]


def _words(deletion: Deletion, run: Run | None, experiment: str) -> str:
    if deletion.runs > 1:
        return f"{deletion.runs} runs of the {experiment} were deleted."
    name = (run.name or run.title) if run else ""
    shown = f"{name} ({deletion.run})" if stored_runs.printable(name) else deletion.run
    return f"{shown} was deleted."
