"""The samples of a stored run, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.models import Run
from dashboard.runs.reports.results import frames_of
from dashboard.wire import frame
from dashboard.wire.frame import Frame


def sample_frames(run: Run) -> Iterator[Frame]:
    """Yield every frame of samples in stored order, warm-ups (round 0) included."""
    for _, data in frames_of(run.pk):
        decoded = frame.decode(data)
        if decoded.kind == "samples":
            yield decoded


def counts(run: Run, decoded: Frame) -> bool:
    """Return True if a frame's samples are in the report: no warm-up or discarded round."""
    return bool(decoded.round) and decoded.round not in run.discarded_rounds
