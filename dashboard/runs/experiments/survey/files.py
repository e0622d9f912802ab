"""A survey as a file: CSV with a line for each alternative, Markdown with one for each view."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.analysis.text.survey import (
    STAND_IN_TEXT,
    alternative_text,
    faster_text,
    fit_text,
    p95_text,
    predicted_text,
    price_text,
    reason_text,
    shares_text,
    shown_alternative,
    word_text,
)
from dashboard.runs.reports.csv_lines import csv_lines
from dashboard.wire.codec import to_json
from dashboard.wire.experiments.survey import Alternative, SurveyAnswer, SurveyRow

OF_VIEW = (
    *("scenario", "view", "lane", "state", "word", "reason", "weight", "gained_ms"),
    *("p95_ms", "throughput_rps"),
)
OF_ALONE = ("wall_ms", "cpu_ms", "hops", "queries", "query_ms")
OF_SHARES = ("cpu", "database", "waiting", "framework")
OF_ALTERNATIVE = (
    *("change", "lane", "stand_in", "ratio", "low", "high", "level", "answer", "predicted_rps"),
    *("measured_rps", "error", "predicted_p95_ms", "measured_p95_ms", "memory_mb", "cpu_ms"),
    *("formula", "run", "why"),
)
HEADING = (
    *OF_VIEW,
    *OF_ALONE,
    *(f"{name}_share" for name in OF_SHARES),
    "recommended",
    *(f"alternative_{name}" for name in OF_ALTERNATIVE),
)
TITLES = (
    *("View", "Time in", "p95 today", "Alternative", "Faster", "Price"),
    *("Predicted, measured", "Advice"),
)


def survey_csv(answer: SurveyAnswer) -> str:
    """Return one line for each alternative of each view, with a heading; empty if unknown."""
    return csv_lines([HEADING, *(line for row in answer.rows for line in _csv_rows(row))])


def _csv_rows(row: SurveyRow) -> Iterator[list[object]]:
    """Yield a line for each alternative, or one without."""
    view = to_json(row)
    alone = view["alone"] or {}
    shares = alone.get("shares") or {}
    own = [view[name] for name in OF_VIEW]
    own += [alone.get(name) for name in OF_ALONE]
    own += [shares.get(name) for name in OF_SHARES]
    if not row.alternatives:
        yield [*own, False, *(None for _ in OF_ALTERNATIVE)]
    for each in row.alternatives:
        low, high = each.interval or (None, None)
        values = {**to_json(each), "low": low, "high": high}
        yield [*own, each.lane == row.best, *(values[name] for name in OF_ALTERNATIVE)]


def survey_markdown(answer: SurveyAnswer) -> str:
    """Return heading, sentence, a table with a row for each view, and how the model did."""
    shown = [shown_alternative(row) for row in answer.rows]
    stands_in = any(each and each.stand_in for each in shown)
    parts = [
        f"## Survey of {_cell(answer.project)}: {_cell(answer.server)} today,"
        f" {answer.concurrency[-1]} requests at once",
        f"**{_cell(answer.sentence)}**" if answer.sentence else "",
        "\n".join(_table(answer)),
        STAND_IN_TEXT if stands_in else "",
        fit_text(answer.fit),
        f"{answer.status.capitalize()}: {_cell(answer.problem)}" if answer.problem else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(answer: SurveyAnswer) -> Iterator[str]:
    yield f"| {' | '.join(TITLES)} |"
    yield f"|{' --- |' * len(TITLES)}"
    for row in answer.rows:
        yield f"| {' | '.join(_cell(text) for text in _cells(row, shown_alternative(row)))} |"


def _cells(row: SurveyRow, shown: Alternative | None) -> Iterator[str]:
    """Yield the cells of a view."""
    yield row.scenario
    yield shares_text(row.alone.shares if row.alone else None)
    yield p95_text(row)
    yield alternative_text(shown)
    yield faster_text(shown)
    yield price_text(shown)
    yield predicted_text(shown)
    reason = reason_text(row)
    yield f"{word_text(row)}: {reason}" if reason else word_text(row)


def _cell(text: str) -> str:
    """Return a text for a cell: on one line, with nothing that Markdown would read as markup."""
    plain = " ".join(text.split())
    for sign in "\\|`*_<>[]":
        plain = plain.replace(sign, f"\\{sign}")
    return plain
