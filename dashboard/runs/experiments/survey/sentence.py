"""The result of a survey in two sentences: what how many views need, and which gains most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dashboard.analysis.text.numbers import faster_or_slower, milliseconds
from dashboard.wire.experiments.survey import SurveyRow, Word
from dashboard.wire.plural import counted

NEEDS: dict[Word, str] = {
    "threads": "{} more threads",
    "async": "{} async",
    "processes": "{} more processes",
    "leave it": "{} nothing else",
}


def sentence_of(rows: Sequence[SurveyRow]) -> str:
    """Return the sentences; empty before any view was compared."""
    return " ".join([*_counts(rows), *_most(rows)])


def _counts(rows: Sequence[SurveyRow]) -> Iterator[str]:
    counts = Counter(row.word for row in rows if row.word)
    total = sum(counts.values())
    if not total:
        return
    needs = [
        text.format(f"{counts[word]} {'needs' if counts[word] == 1 else 'need'}")
        for word, text in NEEDS.items()
        if counts[word]
    ]
    yield f"{counted(total, 'view')}: {', '.join(needs)}."


def _most(rows: Sequence[SurveyRow]) -> Iterator[str]:
    row = max(rows, key=lambda row: row.gained_ms or 0.0, default=None)
    best = row.best_alternative if row else None
    if row is None or best is None or row.p95_ms is None or best.measured_p95_ms is None:
        return
    p95 = f"p95 {milliseconds(row.p95_ms)} → {milliseconds(best.measured_p95_ms)}"
    ratio = f", {faster_or_slower(best.ratio)}" if best.ratio else ""
    yield f"Most is gained by {row.scenario}: {best.lane}, {p95}{ratio}."
