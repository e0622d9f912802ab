"""A survey's rows as the table shows them: numbers as text, nothing decided."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.analysis.text.numbers import milliseconds, significant
from dashboard.analysis.text.survey import price_text, shares_text, shown_alternative
from dashboard.runs.reports.wording import per_second
from dashboard.web.run.run_view import state_word
from dashboard.web.shared.format import format_interval, format_ms, format_ratio
from dashboard.wire.experiments.survey import Alone, Alternative, SurveyRow, TimeShares
from dashboard.wire.plural import counted

PARTS = ("cpu", "database", "waiting", "framework")
LEAST_DRAWN = 0.005  # of the time
DIFFERS = "differs"


@dataclass(frozen=True)
class Part:
    """A segment of the bar, in percent of its width."""

    name: str
    x: float
    width: float


@dataclass(frozen=True)
class AlternativeView:
    """Another lane for a view; `ratio` is empty unless it was fired and compared."""

    lane: str
    family: str
    stand_in: bool
    run: str
    ratio: str
    interval: str
    answer: str  # why the ratio is not a plain one, empty if it is
    price: str
    predicted: str
    measured: str
    deviation: str
    predicted_p95: str
    measured_p95: str
    formula: str
    why: str


@dataclass(frozen=True)
class RowView:
    """A view of the project; texts are empty until they are known."""

    view: str
    scenario: str
    variant: str
    title: str
    family: str
    state: str
    state_word: str
    why: str
    run: str
    parts: list[Part]
    time_in: str  # the bar in words
    alone: str
    p95: str
    throughput: str
    word: str
    reason: str
    recommended: bool  # the alternative is the one that `word` recommends
    alternative: AlternativeView | None
    alternatives: list[AlternativeView]

    @property
    def measured(self) -> bool:
        """True if there are numbers to show."""
        return bool(self.parts or self.alone or self.p95)


def row_view(row: SurveyRow) -> RowView:
    """Return a row of the table; its alternative is the recommended one, else the fastest fired."""
    shown = shown_alternative(row)
    shares = row.alone.shares if row.alone else None
    return RowView(
        view=row.view,
        scenario=row.scenario,
        variant=row.variant,
        title=row.title,
        family=row.family,
        state=row.state,
        state_word=state_word(row.state).replace("-", " "),
        why=row.why,
        run=row.run or "",
        parts=_parts(shares) if shares else [],
        time_in=shares_text(shares) if shares else "",
        alone=alone_text(row.alone) if row.alone else "",
        p95="" if row.p95_ms is None else format_ms(row.p95_ms),
        throughput="" if row.throughput_rps is None else per_second(row.throughput_rps),
        word=row.word or "",
        reason=row.reason,
        recommended=row.best_alternative is not None,
        alternative=_alternative(row, shown) if shown else None,
        alternatives=[_alternative(row, each) for each in row.alternatives],
    )


def _parts(shares: TimeShares) -> list[Part]:
    """Return the segments that can be seen, each in its place."""
    parts, x = [], 0.0
    for name in PARTS:
        share: float = getattr(shares, name)
        if share >= LEAST_DRAWN:
            parts.append(Part(name, 100 * x, 100 * share))
        x += share
    return parts


def alone_text(alone: Alone) -> str:
    """Return *84 ms alone, 12 queries, 3 thread hops*: one request, nothing beside it."""
    parts = [
        f"{milliseconds(alone.wall_ms)} alone",
        "" if alone.queries is None else counted(alone.queries, "query", "queries"),
        counted(alone.hops, "thread hop") if alone.hops else "",
    ]
    return ", ".join(filter(None, parts))


def _alternative(row: SurveyRow, each: Alternative) -> AlternativeView:
    same_code = each.stand_in or each.change != "async"
    answer = each.answer or ""
    return AlternativeView(
        lane=each.lane,
        family=row.family if same_code else "async",
        stand_in=each.stand_in,
        run=each.run or "",
        ratio="" if each.ratio is None else format_ratio(each.ratio, each.interval),
        interval=format_interval(each.ratio, each.interval),
        answer="" if answer == DIFFERS else answer.replace("-", " "),
        price=price_text(each),
        predicted=per_second(each.predicted_rps),
        measured=per_second(each.measured_rps),
        deviation="" if each.error is None else _signed_percent(each.error),
        predicted_p95=format_ms(each.predicted_p95_ms),
        measured_p95=format_ms(each.measured_p95_ms),
        formula=each.formula,
        why=each.why,
    )


def _signed_percent(error: float) -> str:
    """Return a relative deviation as −3.8 % or +12 %."""
    return f"{'−' if error < 0 else '+'}{significant(100 * abs(error), 2)} %"
