"""The sentence of one view of a mix: where it was faster, by its p95."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.wire.plural import counted
from dashboard.wire.report.views import ViewComparisonReport, ViewReport

from .numbers import compared_with, percent, with_ends

_NOT_COMPARED = {
    "no-difference": "as fast as {baseline}, within the margin",
    "undecided": "undecided against {baseline}",
    "errors": "not compared with {baseline}: more than 1 % of its requests failed",
    "behind": "not compared with {baseline}: the rate was more than one of them handles",
    "not-trusted": "not compared with {baseline}: the run was disturbed",
    "no-rounds": "not compared with {baseline}: a p95 needs a round with 20 requests",
}


def view_sentence(view: ViewReport) -> str:
    """Return what was measured of a view, in a sentence; empty for a single lane."""
    baseline = view["lanes"][0]["lane"]
    texts = [_text(comparison, baseline) for comparison in view["comparisons"]]
    return f"{view['view']}: {'; '.join(texts)}." if texts else ""


def _text(comparison: ViewComparisonReport, baseline: str) -> str:
    return " ".join([f"{comparison['lane']} was", *_words(comparison, baseline)])


def _words(comparison: ViewComparisonReport, baseline: str) -> Iterator[str]:
    answer, ratio = comparison["answer"], comparison["ratio"]
    if answer in _NOT_COMPARED or ratio is None:
        yield _NOT_COMPARED.get(answer, "not compared with {baseline}").format(baseline=baseline)
        return
    yield compared_with(ratio, baseline)
    interval, level = comparison["interval"], comparison["level"]
    if interval and level:
        yield f"({percent(level)}: {with_ends(ratio, interval)[1]})"
    else:
        yield f"(first look, {counted(comparison['rounds'], 'round')})"
