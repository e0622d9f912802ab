"""Exports a run as one JSON object, and imports it in another Liveburst."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction

from dashboard.models import ACTIVE, Run, RunLane, Status, StoredFrame, StoredReading
from dashboard.runs.reports.results import frames_of, report_of
from dashboard.wire import frame
from dashboard.wire.errors import FrameError, Invalid, InvalidPlan, Problem
from dashboard.wire.plan.plan import Plan

VERSION = 1
# Copied unchanged; the other fields belong to this laboratory: id, owner, place in the queue.
RUN_FIELDS = (
    *("project", "plan", "title", "environment", "warnings", "spoiled"),
    *("discarded_rounds", "floor_ms", "limit_rps", "status", "problem", "log_tail"),
)
LANE_FIELDS = ("position", "name", "family", "capacity", "wait_s", "concurrency", "facts")


class InvalidImport(Invalid):
    """A file that is not an exported run, with the problems by field."""


def json_pieces(run: Run) -> Iterator[str]:
    """Yield the object, frame by frame. It has the report, for other tools than `import_run`."""
    head = {
        "liveburst": VERSION,
        "created": run.created.isoformat(),
        "run": {name: getattr(run, name) for name in RUN_FIELDS},
        "lanes": list(run.lanes.values(*LANE_FIELDS)),
        "readings": [stored.data for stored in run.readings.all()],
        "report": run.report,
    }
    yield json.dumps(head)[:-1] + ', "frames": ['
    for sequence, data in frames_of(run.pk):
        yield (", " if sequence else "") + json.dumps(base64.b64encode(data).decode())
    yield "]}\n"


def import_run(text: str | bytes) -> Run:
    """Store an exported run as a new one, compute its report again, and return it.

    Raises InvalidImport, and then stores nothing.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InvalidImport(Problem("file", f"expected JSON, found: {error}")) from None
    parts = _checked(data)
    with transaction.atomic():
        run = Run.objects.create(**parts["run"], owner_pid=0, owner_started=0.0)
        RunLane.objects.bulk_create(RunLane(run=run, **lane) for lane in parts["lanes"])
        StoredReading.objects.bulk_create(
            StoredReading(run=run, data=reading) for reading in parts["readings"]
        )
        StoredFrame.objects.bulk_create(
            (
                StoredFrame(run=run, sequence=sequence, data=content)
                for sequence, content in enumerate(parts["frames"])
            ),
            batch_size=100,
        )
        try:
            run.report = report_of(run)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidImport(
                Problem("file", f"expected an exported run, found {error!r}")
            ) from None
        run.save(update_fields=["report"])
    return run


def _checked(data: Any) -> dict[str, Any]:
    """Return the parts of an exported run, or raise InvalidImport."""
    if not isinstance(data, dict) or data.get("liveburst") != VERSION:
        message = f"expected a run that Liveburst exported (liveburst: {VERSION})"
        raise InvalidImport(Problem("file", message))
    run = _fields("run", data.get("run"), RUN_FIELDS)
    lanes = _lanes(data)
    plan = _plan(run["plan"])
    if [lane["name"] for lane in lanes] != [str(lane) for lane in plan.lanes]:
        raise InvalidImport(Problem("lanes", "expected the lanes of the plan, in its order"))
    if run["status"] not in Status.values or run["status"] in ACTIVE:
        raise InvalidImport(
            Problem("run.status", f"expected one that has ended, found {run['status']!r}")
        )
    frames = [
        _frame(at, text, len(lanes)) for at, text in enumerate(_list("frames", data.get("frames")))
    ]
    readings = _list("readings", data.get("readings"))
    return {"run": run, "lanes": lanes, "frames": frames, "readings": readings}


def _lanes(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return its lanes. In earlier files `wait_s` was a field of the run."""
    waits = {"wait_s": data["run"].get("wait_s")}
    lanes = _list("lanes", data.get("lanes"))
    return [
        _fields("lanes", waits | lane if isinstance(lane, dict) else lane, LANE_FIELDS)
        for lane in lanes
    ]


def _fields(name: str, value: Any, wanted: Sequence[str]) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not set(wanted) <= value.keys():
        missing = sorted(set(wanted) - value.keys()) if isinstance(value, Mapping) else wanted
        raise InvalidImport(Problem(name, f"expected {', '.join(missing)}"))
    return {key: value[key] for key in wanted}


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidImport(Problem(name, "expected a list"))
    return value


def _plan(value: Any) -> Plan:
    try:
        return Plan.from_json(value)
    except InvalidPlan as error:
        raise InvalidImport(*error.problems) from None


def _frame(at: int, text: Any, lanes: int) -> bytes:
    """Return a frame's bytes; raises InvalidImport if it is malformed or of no lane of this run."""
    try:
        data = base64.b64decode(text, validate=True)
        decoded = frame.decode(data)
    except (binascii.Error, TypeError, ValueError, FrameError) as error:
        raise InvalidImport(Problem(f"frames[{at}]", f"expected a frame, found: {error}")) from None
    if not 0 <= decoded.lane < lanes:
        message = f"expected a lane from 0 to {lanes - 1}, found {decoded.lane}"
        raise InvalidImport(Problem(f"frames[{at}]", message))
    return data
