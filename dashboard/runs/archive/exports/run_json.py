"""Exports a run as one JSON object, which another Liveburst can import."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from dashboard.models import Run
from dashboard.runs.archive.imports.schema import LANE_FIELDS, RUN_FIELDS, VERSION
from dashboard.runs.archive.masked import SAMPLES_FIELDS
from dashboard.runs.reports.results import frames_of
from dashboard.runs.reports.samples import lanes_with_samples


def json_pieces(run: Run) -> Iterator[str]:
    """Yield the object, frame by frame. It has the report, for other tools than `import_run`."""
    head = {
        "liveburst": VERSION,
        "created": run.created.isoformat(),
        "run": {name: getattr(run, name) for name in RUN_FIELDS},
        "lanes": [{name: getattr(lane, name) for name in LANE_FIELDS} for lane in run.lanes.all()],
        "readings": [stored.data for stored in run.readings.all()],
        "samples": [
            {"lane": lane.position, **{name: getattr(samples, name) for name in SAMPLES_FIELDS}}
            for lane, samples in lanes_with_samples(run)
        ],
        "report": run.report,
    }
    yield json.dumps(head)[:-1] + ', "frames": ['
    for sequence, data in frames_of(run.pk):
        yield (", " if sequence else "") + json.dumps(base64.b64encode(data).decode())
    yield "]}\n"
