"""A run with secrets masked as it leaves Liveburst or comes from another one.

What comes from a target is masked when it is stored, by the values and forms known then, and again
when it is read (`dashboard.masked_fields`), as is what a user wrote: a run's name and notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.models import Run
from dashboard.project.secrets.masking import all_masked
from dashboard.runs.reports.samples import lanes_with_samples

# The plan and the lanes' names are not: they only repeat what a lab.toml names.
RUN_FIELDS = (
    *("title", "name", "notes", "label", "problem", "log_tail", "spoiled"),
    *("environment", "warnings", "guess", "tested_advice", "report"),
)
LANE_FIELDS = ("concurrency", "facts")
SAMPLES_FIELDS = ("where", "missing")  # of a sampled firing, which has lines of source


def masked_run(run: Run) -> Run:
    """Return a run as it is stored, with its lanes and their sampled firings, masked.

    It is not to be saved.
    """
    fresh = Run.objects.prefetch_related("lanes__samples").get(pk=run.pk)
    for name in RUN_FIELDS:
        setattr(fresh, name, all_masked(getattr(fresh, name)))
    for lane in fresh.lanes.all():
        for name in LANE_FIELDS:
            setattr(lane, name, all_masked(getattr(lane, name)))
    for _, samples in lanes_with_samples(fresh):
        for name in SAMPLES_FIELDS:
            setattr(samples, name, all_masked(getattr(samples, name)))
    return fresh


def masked_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a run, a lane or its sampled firing, masked."""
    names = {*RUN_FIELDS, *LANE_FIELDS, *SAMPLES_FIELDS}
    return {name: all_masked(value) if name in names else value for name, value in fields.items()}
