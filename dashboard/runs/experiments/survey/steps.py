"""The runs of a survey: each view alone, under two loads, and beside its two best alternatives."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from dashboard.models import Run, Status
from dashboard.runs.queue.experiment import Step, Steps, fire_with_retry
from dashboard.wire.plan.plan import Burst, Lane
from dashboard.wire.plural import counted

from .loads import LOADED_ROUNDS
from .measured import ViewRuns
from .predicted import load_at, to_fire
from .view import View


def steps_of(views: Sequence[View], levels: Sequence[int], rounds: int) -> Steps:
    """Yield the runs of each view in turn; a view whose run fails costs no other view its runs."""
    for view in views:
        yield from _of_view(view, levels, rounds)


def _of_view(view: View, levels: Sequence[int], rounds: int) -> Steps:
    runs: list[Run] = []
    if view.plan is None:
        return
    for level in levels:
        words = f"{view.scenario}, {level} at once"
        if level == levels[0]:
            step = Step(words, view.plan, traced=True)
        else:
            load = load_at(ViewRuns.of(view, runs), level)
            step = Step(words, view.plan_with(load, LOADED_ROUNDS))
        run = yield from fire_with_retry(step)
        runs.append(run)
        if run.status != Status.FINISHED or ViewRuns.of(view, runs).work is None:
            return
    yield from _compared(ViewRuns.of(view, runs), levels[-1], rounds)


def _compared(runs: ViewRuns, level: int, rounds: int) -> Steps:
    """Fire the two best candidates beside today's lane; if that fails, each of them alone."""
    view = runs.view
    load = load_at(runs, level)
    lanes = [Lane.parse(candidate.lane) for candidate in to_fire(runs, load)]
    if not lanes:
        return
    run = yield from _beside(view, load, rounds, lanes)
    if run.status == Status.FAILED and len(lanes) > 1:
        for lane in lanes:
            yield from _beside(view, load, rounds, [lane])


def _beside(
    view: View, load: Burst, rounds: int, lanes: Sequence[Lane]
) -> Generator[Step, Run, Run]:
    words = f"{view.scenario}, {load.concurrency} at once, {counted(len(lanes) + 1, 'lane')}"
    return (yield from fire_with_retry(Step(words, view.plan_with(load, rounds, *lanes))))
