"""Each view of a mix in a report: its numbers at each lane, compared by its p95, and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.analysis.inference.comparison import Comparison, compare
from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.analysis.samples import rounds, stats
from dashboard.analysis.samples.failure_limit import MAX_FAILED_SHARE
from dashboard.analysis.samples.lane_samples import Floats, Lane
from dashboard.analysis.samples.mixed_views import by_view
from dashboard.analysis.text.views import view_sentence
from dashboard.wire.plan.plan import Plan
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import Answer
from dashboard.wire.report.views import ViewComparisonReport, ViewLaneReport, ViewReport

from .verdict_options import VerdictOptions


def view_reports(
    plan: Plan, metrics: Sequence[LaneMetrics], report: Report, options: VerdictOptions
) -> list[ViewReport]:
    """Return the views of a mix in the order of its weights; empty for other runs.

    All their comparisons share the level, as the module `inference.comparison` describes.
    """
    if not plan.mix:
        return []
    whole = [stats.whole_rounds(each.lane, plan.load.requests) for each in metrics]
    parts = [by_view(each.lane, plan) for each in metrics]
    views = [
        _MeasuredView(name, [part[name] for part in parts], whole, report["lanes"])
        for name in plan.mix
    ]
    comparisons = compare(
        [ratios for view in views for ratios in view.log_ratios],
        [refusal for view in views for refusal in view.refusals(options)],
        until_sure=options.until_sure,
        margin=options.margin,
    )
    others, total = len(metrics) - 1, sum(plan.mix.values())
    return [
        view.report(plan.mix[view.name] / total, comparisons[at * others : (at + 1) * others])
        for at, view in enumerate(views)
    ]


class _MeasuredView:
    """One view of a mix at each lane; `reports` are those of the lanes with all views."""

    def __init__(
        self,
        name: str,
        lanes: Sequence[Lane],
        whole: Sequence[Sequence[int]],
        reports: Sequence[LaneReport],
    ) -> None:
        self.name = name
        self._lane_reports = reports
        self._p95s_ms = [
            rounds.response_p95_ms(lane, numbers)
            for lane, numbers in zip(lanes, whole, strict=True)
        ]
        self._lanes = [
            _lane(report["lane"], lane, p95_ms)
            for report, lane, p95_ms in zip(reports, lanes, self._p95s_ms, strict=True)
        ]

    @property
    def log_ratios(self) -> list[Floats]:
        """The log ratios of its p95 to the baseline's by round, of each lane but the baseline."""
        return [rounds.log_ratios(self._p95s_ms[0], p95_ms) for p95_ms in self._p95s_ms[1:]]

    def refusals(self, options: VerdictOptions) -> list[Answer | None]:
        """Return why each lane but the baseline cannot be compared, None if it can."""
        return [self._refusal(position, options) for position in range(1, len(self._lanes))]

    def report(self, share: float, comparisons: Sequence[Comparison]) -> ViewReport:
        """Return its part of the report."""
        names = [lane["lane"] for lane in self._lanes[1:]]
        view: ViewReport = {
            "view": self.name,
            "share": share,
            "lanes": self._lanes,
            "comparisons": [
                _comparison(name, comparison)
                for name, comparison in zip(names, comparisons, strict=True)
            ],
            "sentence": "",
        }
        view["sentence"] = view_sentence(view)
        return view

    def _refusal(self, position: int, options: VerdictOptions) -> Answer | None:
        pair = (self._lanes[0], self._lanes[position])
        if options.disturbed_reason or options.no_verdict(pair[1]["lane"], pair[0]["lane"]):
            return "not-trusted"
        if any(_failed(lane) for lane in pair):
            return "errors"
        rates = (self._lane_reports[at]["rate"] for at in (0, position))
        return "behind" if any(rate and rate["keeps_up"] is False for rate in rates) else None


def _lane(name: str, lane: Lane, p95_ms: Mapping[int, float]) -> ViewLaneReport:
    return {
        "lane": name,
        "requests": int(lane.samples["done"].size),
        "ok": int(lane.ok.sum()),
        "errors": stats.errors(lane),
        "latency_ms": stats.latency_ms(lane),
        "response_p95_ms": list(p95_ms.values()),
    }


def _failed(lane: ViewLaneReport) -> bool:
    return lane["requests"] - lane["ok"] > MAX_FAILED_SHARE * lane["requests"]


def _comparison(lane: str, comparison: Comparison) -> ViewComparisonReport:
    interval = comparison.interval
    return {
        "lane": lane,
        "answer": comparison.answer,
        "ratio": comparison.ratio,
        "interval": [interval.low, interval.high] if interval else None,
        "level": interval.level if interval else None,
        "rounds": comparison.rounds,
    }
