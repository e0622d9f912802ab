"""Which stored runs are deleted for good, by age, number and size, and giving their room back.

Active runs, those of an active experiment and, unless stated otherwise, pinned ones are kept.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from django.db import connection
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Length
from django.utils.timezone import now

from dashboard.models import ACTIVE, Experiment, LaneSamples, Run

from .retention_limits import Limits

INCREMENTAL = 2  # PRAGMA auto_vacuum


def surplus(limits: Limits) -> list[Run]:
    """Return the runs beyond the limits, the oldest first, without their large fields."""
    candidates = list(_candidates(limits.keep_pinned).only("pk", "created", "experiment_id"))
    number = 0
    if limits.age is not None:
        oldest = now() - limits.age
        number = sum(1 for run in candidates if run.created < oldest)
    if limits.runs is not None:
        number = max(number, Run.objects.count() - limits.runs)
    number = min(number, len(candidates))
    if limits.size_bytes is not None:
        number = _enough(candidates, number, used_bytes() - limits.size_bytes)
    return candidates[:number]


def _candidates(keep_pinned: bool) -> QuerySet[Run]:
    ended = Run.objects.exclude(Q(status__in=ACTIVE) | Q(experiment__status__in=ACTIVE))
    return (ended.filter(pinned=False) if keep_pinned else ended).order_by("created")


def _enough(candidates: Sequence[Run], number: int, excess_bytes: int) -> int:
    """Return how many runs, at least `number`, have to go until `excess_bytes` are free."""
    freed_bytes = sum(_bytes_of(run) for run in candidates[:number])
    while freed_bytes < excess_bytes and number < len(candidates):
        freed_bytes += _bytes_of(candidates[number])
        number += 1
    return number


def _bytes_of(run: Run) -> int:
    """Return what a run's frames, readings, sampled firings and report take, approximately."""
    frames = run.frames.aggregate(size=Sum(Length("data")))["size"] or 0
    readings = run.readings.aggregate(size=Sum(Length("data")))["size"] or 0
    samples = LaneSamples.objects.filter(lane__run=run)
    sampled = samples.aggregate(size=Sum(Length("where")))["size"] or 0
    report = Run.objects.filter(pk=run.pk).aggregate(size=Sum(Length("report")))["size"] or 0
    return int(frames + readings + sampled + report)


def delete(runs: Sequence[Run]) -> None:
    """Delete runs for good, one at a time, and the experiments of which none is left."""
    for run in runs:
        run.delete()
    emptied = {run.experiment_id for run in runs} - {None}
    Experiment.objects.filter(pk__in=emptied, runs=None).delete()


def used_bytes() -> int:
    """Return the size of what the database stores, without free pages."""
    return (_pragma("page_count") - _pragma("freelist_count")) * _pragma("page_size")


def give_back(path: Path) -> int:
    """Give free pages back to the disk, and return by how many bytes the file has shrunk.

    It is written anew, without gaps, if the disk has room for that; else its end is cut off.
    """
    before = path.stat().st_size
    with connection.cursor() as cursor:
        if shutil.disk_usage(path.resolve().parent).free > 2 * used_bytes():
            # From now on the end can be cut off, whatever version made the file.
            cursor.execute(f"PRAGMA auto_vacuum={INCREMENTAL}")
            cursor.execute("VACUUM")
        elif _pragma("auto_vacuum") == INCREMENTAL:
            # `execute` would take its first step only, which frees one page.
            connection.connection.executescript("PRAGMA incremental_vacuum")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return max(0, before - path.stat().st_size)


def _pragma(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return int(cursor.fetchone()[0])
