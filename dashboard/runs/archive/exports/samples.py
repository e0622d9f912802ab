"""The samples of a stored run, a frame at a time."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.models import Run
from dashboard.runs.reports.results import frames_of
from dashboard.wire import frame
from dashboard.wire.frame import Frame


def sample_frames(run: Run) -> Iterator[Frame]:
    """Every frame of samples, in the order in which they came; warm-ups too (round 0)."""
    for _, data in frames_of(run.pk):
        found = frame.decode(data)
        if found.kind == "samples":
            yield found


def counts(run: Run, found: Frame) -> bool:
    """Whether a frame's samples are in the report: no warm-up, and no discarded round."""
    return bool(found.round) and found.round not in run.discarded_rounds
