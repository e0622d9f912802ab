"""A survey's rows as the table shows them: numbers as text, nothing decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.analysis.text.numbers import milliseconds, significant
from dashboard.runs.reports.wording import per_second
from dashboard.web.run.run_view import state_word
from dashboard.web.shared.format import UNKNOWN, format_interval, format_ms, format_ratio
from dashboard.wire.plural import counted
from dashboard.wire.report.survey import Alone, Alternative, SurveyRow, TimeShares

PARTS = {"cpu": "CPU", "database": "database", "waiting": "waiting", "framework": "framework"}
LEAST_SHOWN = 0.005  # of the time: a smaller part is neither drawn nor named
DIFFERS = "differs"


@dataclass(frozen=True)
class Part:
    """A segment of the bar, in percent of its width."""

    name: str
    label: str
    percent: str
    x: float
    width: float


@dataclass(frozen=True)
class AlternativeView:
    """Another lane for a view; `ratio` is empty unless it was fired."""

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
    error: str
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
    lane: str
    state: str
    state_word: str
    why: str
    run: str
    parts: list[Part]
    alone: str
    p95: str
    throughput: str
    word: str
    reason: str
    recommended: bool  # the alternative is the one that `word` recommends
    alternative: AlternativeView | None
    alternatives: list[AlternativeView]

    @property
    def time_in(self) -> str:
        """The bar in words."""
        return ", ".join(f"{part.label} {part.percent}" for part in self.parts)

    @property
    def measured(self) -> bool:
        """True if there are numbers to show."""
        return bool(self.parts or self.p95 or self.alternatives)


def row_view(row: SurveyRow) -> RowView:
    """Return a row of the table; its alternative is the recommended one, else the fastest fired."""
    fired = [each for each in row.alternatives if each.run]
    shown = row.best_alternative or next(iter(fired), None)
    return RowView(
        view=row.view,
        scenario=row.scenario,
        variant=row.variant,
        title=row.title,
        family=row.family,
        lane=row.lane,
        state=row.state,
        state_word=state_word(row.state).replace("-", " "),
        why=row.why,
        run=row.run or "",
        parts=_parts(row.alone.shares) if row.alone and row.alone.shares else [],
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
    parts, x = [], 0.0
    for name, label in PARTS.items():
        share = getattr(shares, name)
        if share >= LEAST_SHOWN:
            parts.append(Part(name, label, _whole_percent(share), 100 * x, 100 * share))
        x += share
    return parts


def _whole_percent(share: float) -> str:
    return f"{max(round(100 * share), 1)} %"


def alone_text(alone: Alone) -> str:
    """Return *84 ms alone, 12 queries, 3 thread hops*: one request, nothing beside it."""
    parts = [
        f"{milliseconds(alone.wall_ms)} alone",
        None if alone.queries is None else counted(alone.queries, "query", "queries"),
        None if not alone.hops else counted(alone.hops, "thread hop"),
    ]
    return ", ".join(filter(None, parts))


def _alternative(row: SurveyRow, each: Alternative) -> AlternativeView:
    of_its_code = each.stand_in or each.change != "async"
    answer = each.answer or ""
    return AlternativeView(
        lane=each.lane,
        family=row.family if of_its_code else "async",
        stand_in=each.stand_in,
        run=each.run or "",
        ratio="" if each.ratio is None else format_ratio(each.ratio, each.interval),
        interval=format_interval(each.ratio, each.interval),
        answer="" if answer == DIFFERS else answer.replace("-", " "),
        price=price_text(each),
        predicted=per_second(each.predicted_rps),
        measured=per_second(each.measured_rps),
        error="" if each.error is None else f"{significant(100 * abs(each.error), 2)} % off",
        predicted_p95=format_ms(each.predicted_p95_ms),
        measured_p95=format_ms(each.measured_p95_ms),
        formula=each.formula,
        why=each.why,
    )


def price_text(alternative: Alternative) -> str:
    """Return what it takes more than today's lane: *+34 MiB, +0.4 ms of CPU per request*."""
    return ", ".join(_price(alternative)) or UNKNOWN


def _price(alternative: Alternative) -> Iterator[str]:
    memory_mb, cpu_ms = alternative.memory_mb, alternative.cpu_ms
    if memory_mb is not None:
        yield _signed(memory_mb, f"{significant(abs(memory_mb), 2)} MiB")
    if cpu_ms is not None:
        yield _signed(cpu_ms, f"{milliseconds(float(significant(abs(cpu_ms), 2)))} of CPU")


def _signed(value: float, text: str) -> str:
    """Return the text of a value's size with its sign; without one for 0."""
    return f"{'−' if value < 0 else '+' if value > 0 else ''}{text}"
