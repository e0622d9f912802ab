"""From stored frames to the stored report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asgiref.sync import sync_to_async

from dashboard.analysis.report import About, make_report
from dashboard.models import Run, StoredFrame
from dashboard.wire.plan import Plan


def frames_of(run: str, begin: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """The stored frames of a run from `begin` to before `end`, with their numbers."""
    frames = StoredFrame.objects.filter(run=run, sequence__gte=begin)
    if end is not None:
        frames = frames.filter(sequence__lt=end)
    for sequence, data in frames.values_list("sequence", "data").iterator(chunk_size=50):
        yield sequence, bytes(data)


def report_of(run: Run) -> dict[str, Any]:
    """The run's result, computed from what is stored."""
    about = About(run.pk, run.status, run.environment, run.warnings)
    report = make_report(Plan.from_json(run.plan), about, (data for _, data in frames_of(run.pk)))
    for lane, stored in zip(report["lanes"], run.lanes.all(), strict=True):
        lane["target"] = stored.facts or None
    return report


report_on = sync_to_async(report_of)
