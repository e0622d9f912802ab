"""What the model predicts of a view's choices, and which of them are fired."""

from __future__ import annotations

from dashboard.analysis.model.ranking import Candidate, ranked, two_best
from dashboard.analysis.model.view_model import Configuration, Work, predict
from dashboard.wire.plan.plan import Burst

from .choices import Choice
from .loads import burst_of
from .measured import ViewRuns


def load_at(runs: ViewRuns, level: int) -> Burst:
    """Return about a second of load: by the throughput there if it is known, else as predicted."""
    point, today = runs.point(level), runs.today(level, level)
    if point is not None and point.throughput_rps:
        return burst_of(level, point.throughput_rps)
    return burst_of(level, today.throughput_rps if today else 0.0)


def candidates(runs: ViewRuns, load: Burst) -> list[Candidate]:
    """Return every choice with its prediction, the best first; empty before it was measured."""
    work, cores = runs.work, runs.cores
    if work is None:
        return []
    return ranked([_candidate(choice, work, cores, load) for choice in runs.view.choices])


def to_fire(runs: ViewRuns, load: Burst) -> list[Candidate]:
    """Return the candidates that are fired: the two best of those that can be measured here."""
    able = [each for each in candidates(runs, load) if not lacks_cores(runs, each)]
    return two_best(able)


def lacks_cores(runs: ViewRuns, candidate: Candidate) -> bool:
    """Return True if a candidate adds processes for which the target has no cores."""
    return candidate.change == "processes" and candidate.configuration.processes > runs.cores


def _candidate(choice: Choice, work: Work, cores: int, load: Burst) -> Candidate:
    """Return a choice with its prediction; processes are predicted with a core for each."""
    configuration = Configuration(
        choice.processes,
        choice.threads,
        cores=max(cores, choice.processes) if choice.change == "processes" else cores,
        hops=work.async_hops if choice.asgi else 0,
        more_wait_s=choice.more_wait_s,
    )
    return Candidate(
        choice.change,
        str(choice.lane),
        configuration,
        predict(work, configuration, load.concurrency, load.requests),
        stand_in=choice.stand_in and _awaitable(work),
    )


def _awaitable(work: Work) -> bool:
    """Return True if most of the wait is not the database's, whose ORM needs a thread anyway."""
    return work.wait_s > 2 * work.database_s
