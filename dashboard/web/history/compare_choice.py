"""Which two runs are compared, and why some cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.models import Run
from dashboard.runs.reports.readable import readable
from dashboard.runs.reports.stored import has_samples
from dashboard.web.run.run_view import state_word

MAX_QUOTED = 40  # characters of an id that no run has


@dataclass(eq=False)
class NotComparable(Exception):
    """Two runs that cannot be compared: why, as sentences, and the ids of those that could be."""

    problems: tuple[str, ...]
    first: str = ""
    second: str = ""


def chosen_runs(first_id: str, second_id: str) -> tuple[Run, Run]:
    """Return the two runs of these ids; raises NotComparable."""
    if not first_id or not second_id:
        problem = "Choose two runs, one as the 1st and one as the 2nd."
        raise NotComparable((problem,), first_id, second_id)
    first, second = _run(first_id), _run(second_id)
    problems = tuple(dict.fromkeys([*_problems(first_id, first), *_problems(second_id, second)]))
    if first_id == second_id and not problems:
        problems = (f"Both are the run {first_id}: choose another one as the 1st or the 2nd.",)
    if first is None or second is None or problems:
        raise NotComparable(problems, _if_comparable(first), _if_comparable(second))
    return first, second


def _run(run_id: str) -> Run | None:
    return next(iter(readable(Run.objects.filter(pk=run_id).prefetch_related("lanes"))), None)


def _problems(run_id: str, run: Run | None) -> Iterator[str]:
    """Yield why a run cannot be compared."""
    if run is None:
        yield f"No run {run_id[:MAX_QUOTED]} is stored: it may have been deleted."
    elif run.deleted:
        yield f"The run {run_id} was deleted. Undo that, and it can be compared again."
    elif run.active:
        yield f"The run {run_id} is {state_word(run.status)}: it can be compared once it has ended."
    elif not has_samples(run):
        yield f"The run {run_id} is {run.status} without any request that could be compared."


def _if_comparable(run: Run | None) -> str:
    return run.pk if run and not list(_problems(run.pk, run)) else ""
