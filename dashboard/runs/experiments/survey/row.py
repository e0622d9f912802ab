"""One row of a survey's answer, from the runs of its view so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from dashboard.analysis.model.recommendation import Recommendation, Today, recommend
from dashboard.models import Experiment, Run, Status
from dashboard.runs.reports.stored import measured_report
from dashboard.wire.experiments.survey import Alternative, RowState, SurveyRow
from dashboard.wire.plan.plan import Burst
from dashboard.wire.report.lanes import LaneReport

from .alternatives import alternatives_of
from .measured import ViewRuns
from .predicted import load_at, to_fire
from .view import View

NO_SUCCESS = "no request succeeded"
TOO_FEW = "it was stopped before there were rounds enough for an interval"
NOTHING_ELSE = Recommendation("leave it", "the project has no other lane for it")


def row_of(view: View, runs: Sequence[Run], experiment: Experiment, concurrency: int) -> SurveyRow:
    """Return the row; `runs` are all of the survey, `concurrency` is the largest load."""
    row = _Row(ViewRuns.of(view, runs), experiment, concurrency)
    return replace(
        row_without_runs(view, row.state, row.why),
        alone=row.runs.alone,
        loads=tuple(filter(None, (row.runs.point(level) for level in row.levels))),
        p95_ms=row.p95_ms,
        throughput_rps=row.throughput_rps,
        alternatives=tuple(row.alternatives),
        word=row.advice.word if row.advice else None,
        reason=row.advice.reason if row.advice else "",
        best=row.best.lane if row.best else None,
        gained_ms=row.gained_ms,
        run=row.to_open,
        runs=tuple(run.pk for run in row.runs.all),
    )


def row_without_runs(view: View, state: RowState, why: str) -> SurveyRow:
    """Return the row of a view of which nothing is shown."""
    return SurveyRow(
        scenario=view.scenario,
        variant=view.variant,
        title=view.title,
        view=view.view,
        family=view.family,
        lane=str(view.lane),
        state=state,
        weight=view.weight,
        why=why,
    )


@dataclass(frozen=True)
class _Row:
    """What is known of a row."""

    runs: ViewRuns
    experiment: Experiment
    concurrency: int

    @property
    def levels(self) -> list[int]:
        """The loads that were fired at today's lane alone, without a single request at a time."""
        return [level for level in self.runs.loads if level > 1]

    @property
    def state(self) -> RowState:
        """Whether the view was compared with its alternatives, and if not, whether it will be."""
        if self.runs.view.plan is None:
            return "refused"
        if any(run.active for run in self.runs.all):
            return "running"
        if self.runs.comparisons or self._compares_with_none:
            return "measured"
        if self._failure:
            return "failed"
        if self.experiment.active:
            return "running" if self.runs.all else "waiting"
        return "not-fired"

    @property
    def why(self) -> str:
        """Why the row is not measured, or lacks the ratios of its alternatives."""
        match self.state:
            case "refused":
                return self.runs.view.refusal
            case "failed":
                return self._failure
            case "not-fired":
                return f"the survey is {self.experiment.status}"
            case "measured" if self.advice is None:
                fired = [each for each in self.alternatives if each.run]
                return next((each.why for each in fired if each.why), TOO_FEW)
        return ""

    @cached_property
    def alternatives(self) -> list[Alternative]:
        """The fired alternatives, the fastest first, then those that were only predicted."""
        return alternatives_of(self.runs, self.load)

    @cached_property
    def advice(self) -> Recommendation | None:
        """The word on the view; None if it was not compared."""
        today = self.runs.today(self.concurrency, self.load.requests)
        work = self.runs.work
        if today is None or work is None or self.state != "measured":
            return None
        if self._compares_with_none:
            return NOTHING_ELSE
        about = Today(work, self.runs.configuration, today.limit, self.concurrency)
        return recommend(about, self.alternatives)

    @property
    def best(self) -> Alternative | None:
        """The alternative that is recommended."""
        return self.advice.best if self.advice else None

    @property
    def gained_ms(self) -> float | None:
        """How much less today's p95 would be, times the weight; None if it was not compared."""
        if self.advice is None:
            return None
        if self.best is None or self.best.measured_p95_ms is None or self.p95_ms is None:
            return 0.0
        return max(0.0, self.p95_ms - self.best.measured_p95_ms) * self.runs.view.weight

    @cached_property
    def load(self) -> Burst:
        """The load under which the view is compared."""
        return load_at(self.runs, self.concurrency)

    @property
    def p95_ms(self) -> float | None:
        """The p95 of today's lane beside the alternatives, or else under the last load."""
        lane = self._today
        return lane["latency_ms"]["p95"] if lane else None

    @property
    def throughput_rps(self) -> float | None:
        """The throughput of today's lane there."""
        lane = self._today
        return lane["throughput_rps"] if lane else None

    @property
    def to_open(self) -> str | None:
        """The run that shows most: the last that was compared, or else the last of all."""
        runs = [run for run, _ in self.runs.comparisons] or self.runs.all
        return runs[-1].pk if runs else None

    @property
    def _compares_with_none(self) -> bool:
        """True if the view was measured, and there is no alternative to fire."""
        measured = self.runs.point(self.concurrency) is not None
        return measured and not to_fire(self.runs, self.load)

    @property
    def _failure(self) -> str:
        """Why the view cannot be measured further: its last run failed, or no request succeeded."""
        runs = self.runs.all
        if not runs or runs[-1].active:
            return ""
        if runs[-1].status == Status.FAILED:
            return runs[-1].problem
        measured = measured_report(runs[0])
        return NO_SUCCESS if measured and not measured["lanes"][0]["ok"] else ""

    @property
    def _today(self) -> LaneReport | None:
        if self.runs.comparisons:
            return self.runs.comparisons[-1][1]["lanes"][0]
        run = self.runs.loads.get(self.concurrency)
        report = measured_report(run) if run else None
        return report["lanes"][0] if report else None
