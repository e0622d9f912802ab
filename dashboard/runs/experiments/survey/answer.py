"""The answer of a survey: a row for each view, those that gain most first, from the runs so far."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from dashboard.analysis.model.fit import model_fit
from dashboard.models import Experiment, Run
from dashboard.runs.experiments.members import DAMAGED, members_of
from dashboard.wire.codec import read_json, to_json
from dashboard.wire.experiments.survey import ModelFit, SurveyAnswer, SurveyProgress, SurveyRow

from .question import Survey
from .row import row_of, row_without_runs
from .sentence import sentence_of
from .view import View

logger = logging.getLogger(__name__)
STATES = ("measured", "running", "waiting", "failed", "not-fired", "refused")  # as rows are sorted


def surveys(project: str | None = None) -> list[Experiment]:
    """Return the surveys of the project of that name, or all of them, the newest first."""
    stored = Experiment.objects.filter(kind=Experiment.Kind.SURVEY)
    return list(stored if project is None else stored.filter(project=project))


def survey_answer(experiment: Experiment) -> SurveyAnswer:
    """Return the answer so far; docs/commands.md specifies its JSON."""
    survey = Survey.from_json(experiment.question)
    members = members_of(experiment, partial(_check, survey, experiment))
    most = survey.concurrency[-1]
    rows = [_row(view, members.runs, experiment, most) for view in survey.views]
    return SurveyAnswer(
        experiment=experiment.pk,
        kind=experiment.kind,
        status=experiment.status,
        problem=members.problem(experiment),
        project=experiment.project,
        server=survey.server,
        concurrency=survey.concurrency,
        rounds=survey.rounds,
        seed=survey.seed,
        mix=survey.mix,
        rows=tuple(sorted(rows, key=_order)),
        progress=_progress(experiment, rows, members.runs),
        fit=fit_of(rows),
        sentence=sentence_of(rows),
    )


def _check(survey: Survey, experiment: Experiment, run: Run) -> None:
    """Raise an exception unless the run has what its row shows of it."""
    view = next(view for view in survey.views if view.scenario == run.plan["scenario"])
    read_json(SurveyRow, to_json(row_of(view, [run], experiment, survey.concurrency[-1])))


def _row(view: View, runs: Sequence[Run], experiment: Experiment, most: int) -> SurveyRow:
    """Return the row of a view; runs that do not go together cost it, and no other row."""
    try:
        row: SurveyRow = read_json(SurveyRow, to_json(row_of(view, runs, experiment, most)))
    except Exception:
        logger.exception(
            "The runs of %s cannot be shown in survey %s", view.scenario, experiment.pk
        )
        return row_without_runs(view, "failed", DAMAGED)
    return row


def fit_of(rows: Sequence[SurveyRow]) -> ModelFit | None:
    """Return how well the throughput of the fired alternatives was predicted."""
    pairs = [
        (each.predicted_rps, each.measured_rps)
        for row in rows
        for each in row.alternatives
        if each.measured_rps
    ]
    return model_fit(pairs)


def _order(row: SurveyRow) -> tuple[int, bool, float, float, str]:
    """Return what rows are sorted by: the state, then what is gained, then today's p95."""
    gained = row.gained_ms or 0.0
    return STATES.index(row.state), gained <= 0, -gained, -(row.p95_ms or 0.0), row.scenario


def _progress(
    experiment: Experiment, rows: Sequence[SurveyRow], runs: Sequence[Run]
) -> SurveyProgress:
    able = [row for row in rows if row.state != "refused"]
    done = sum(row.state in {"measured", "failed"} for row in able)
    running = next((run.label for run in runs if run.active), "")
    words = running if experiment.active else ""
    return SurveyProgress(done, len(able), words)
