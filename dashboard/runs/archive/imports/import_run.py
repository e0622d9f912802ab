"""Stores an exported run as a new one. Nothing is stored of a file that is not one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from django.db import transaction

from dashboard.models import LaneSamples, Run, RunLane, StoredFrame, StoredReading
from dashboard.runs.archive.masked import masked_fields
from dashboard.runs.reports.results import report_of
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan.plan import Plan
from dashboard.wire.stored.reading import ReadingJson

from .frames import checked_frames
from .schema import ENDED, ImportedFile, InvalidImport, checked_file, parsed

__all__ = ["InvalidImport", "import_file", "import_run"]
logger = logging.getLogger(__name__)
FRAMES_AT_ONCE = 100
MAX_TEXT = 200
Progress = Callable[[str], None]


def _ignore(step: str) -> None:
    """Report nothing."""


def import_run(text: str | bytes, progress: Progress = _ignore) -> Run:
    """Store an exported run as a new one, compute its report again, and return it.

    `progress` is called with each step. Raises InvalidImport, and then stores nothing.
    """
    progress("Checking the file")
    return _import(checked_file(parsed(text)), progress)


def import_file(path: Path, progress: Progress = _ignore) -> Run:
    """Import a file, which may be large: it is in memory twice at most.

    Raises OSError and InvalidImport.
    """
    progress("Checking the file")
    return _import(checked_file(parsed(path.read_bytes())), progress)


def _import(file: ImportedFile, progress: Progress) -> Run:
    _check(file)
    # Before the transaction, which keeps other writers waiting: a run would fail after 20 s.
    frames = list(checked_frames(file.frames, len(file.lanes)))
    with transaction.atomic():
        fields = masked_fields(file.run.stored())
        run = Run.objects.create(**fields, owner_pid=0, owner_started=0.0)
        RunLane.objects.bulk_create(lane.of(run) for lane in file.lanes)
        lanes = list(run.lanes.all())
        LaneSamples.objects.bulk_create(each.of(lanes[each.lane]) for each in file.samples)
        StoredReading.objects.bulk_create(
            StoredReading(run=run, data=cast(ReadingJson, reading)) for reading in file.readings
        )
        _store(run, frames, progress)
        frames.clear()
        progress("Computing the report")
        _compute_report(run)
    return run


def _store(run: Run, frames: Sequence[bytes], progress: Progress) -> None:
    for first in range(0, len(frames), FRAMES_AT_ONCE):
        progress(f"Storing frame {first + 1:,} of {len(frames):,}")
        StoredFrame.objects.bulk_create(
            StoredFrame(run=run, sequence=sequence, data=data)
            for sequence, data in enumerate(frames[first : first + FRAMES_AT_ONCE], start=first)
        )


def _compute_report(run: Run) -> None:
    try:
        run.report = report_of(run)
    except Exception as error:
        # Parts that contradict each other: no check of one part alone finds that.
        logger.info("An import was refused", exc_info=True)
        problem = Problem("file", f"expected an exported run, found {error!r:.200}")
        raise InvalidImport(problem) from None
    run.save(update_fields=["report"])


def _check(file: ImportedFile) -> None:
    """Check that the parts of the file agree."""
    try:
        plan = Plan.from_json(file.run.plan)
    except InvalidPlan as error:
        raise InvalidImport(*error.problems) from None
    problems: list[Problem] = []
    if [lane.name for lane in file.lanes] != [str(lane) for lane in plan.lanes]:
        problems.append(Problem("lanes", "expected the lanes of the plan, in its order"))
    if [lane.position for lane in file.lanes] != list(range(len(file.lanes))):
        problems.append(Problem("lanes", "expected the positions 0, 1, 2 …"))
    sampled = [samples.lane for samples in file.samples]
    if len(set(sampled)) < len(sampled) or any(lane >= len(file.lanes) for lane in sampled):
        problems.append(Problem("samples", "expected each lane of the run once at most"))
    if len(plan.scenario) > MAX_TEXT or len(plan.parameters) > MAX_TEXT:
        problems.append(Problem("run.plan", f"expected at most {MAX_TEXT} characters and values"))
    if file.run.status not in ENDED:
        found = f"expected one that has ended, found {file.run.status[:40]!r}"
        problems.append(Problem("run.status", found))
    _raise(problems)


def _raise(problems: Sequence[Problem]) -> None:
    if problems:
        raise InvalidImport(*problems)
