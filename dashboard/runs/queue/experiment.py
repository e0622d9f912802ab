"""Experiments: several runs that answer one question, in one place of the queue.

What is fired next may depend on results: the steps are a generator that yields a `Step` and is
sent the run performed for it, with its report. A run that fails is kept and sent like any other;
the steps go on without its result.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from dashboard.analysis.report.claim_doubts import why_not_trusted
from dashboard.models import Experiment, Run, Status
from dashboard.runs.conduct.conductor import INTERNAL_ERROR
from dashboard.runs.reports.stored import stored_report
from dashboard.runs.sinks.sink import Outcome
from dashboard.wire.errors import LiveburstError
from dashboard.wire.last_lines import with_decisive_line
from dashboard.wire.plan.plan import Plan
from dashboard.wire.plural import counted
from dashboard.wire.stored.questions import Question

MAX_REQUESTS_OF_ALL = 1_000_000  # in all runs of an experiment

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """One run of an experiment, its label there, and the claim it tests, if any.

    `traced`: after its rounds, one request of each lane is traced, which is stored with the lane.
    """

    label: str
    plan: Plan
    claim: str = ""
    traced: bool = False


Steps: TypeAlias = Generator[Step, Run, None]


def fire_with_retry(step: Step) -> Generator[Step, Run, Run]:
    """Yield a step, and once more if its run was disturbed; return the last run.

    The rule depends on nothing that the run measured of its lanes.
    """
    run = yield step
    report = stored_report(run)
    if run.status == Status.FINISHED and report and why_not_trusted(report):
        run = yield replace(step, label=f"{step.label}, again")
    return run


@dataclass(frozen=True)
class ExperimentPlan:
    """An experiment to be performed; `question` is stored.

    `steps` is consumed by performing it.
    """

    kind: Experiment.Kind
    title: str
    question: Question
    steps: Steps


async def conduct(
    steps: Steps, fire: Callable[[Step], Awaitable[Run]], stop: asyncio.Event
) -> Outcome:
    """Fire one step after the other until there are no more; a failure is an outcome too.

    The experiment has finished unless every run failed; `problem` has how many did, and why the
    first.
    """
    fired: list[Run] = []
    try:
        step = next(steps, None)
        while step is not None and not stop.is_set():
            fired.append(await fire(step))
            step = _next(steps, fired[-1])
    except LiveburstError as error:
        return Outcome(Status.FAILED, str(error))
    except Exception:
        log.exception("An experiment failed because of an internal error")
        return Outcome(Status.FAILED, INTERNAL_ERROR)
    finally:
        steps.close()
    return _outcome(fired, stopped=stop.is_set())


def _next(steps: Steps, run: Run) -> Step | None:
    try:
        return steps.send(run)
    except StopIteration:
        return None


def _outcome(fired: Sequence[Run], *, stopped: bool) -> Outcome:
    failed = [run for run in fired if run.status == Status.FAILED]
    runs = counted(len(fired), "run")
    problem = ""
    if failed:
        why = with_decisive_line(failed[0].problem, failed[0].log_tail)
        problem = f"{len(failed)} of {runs} failed: {why}"
    if stopped:
        return Outcome(Status.STOPPED, problem)
    all_failed = failed and len(failed) == len(fired)
    return Outcome(Status.FAILED if all_failed else Status.FINISHED, problem)
