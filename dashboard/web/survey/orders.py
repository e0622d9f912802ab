"""The orders in which a survey's table can be shown; its answer has the one by gain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.analysis.text.survey import shown_alternative
from dashboard.wire.experiments.survey import SurveyRow


@dataclass(frozen=True)
class Order:
    """An order: its name in addresses, its caption, the column that it follows, and which way."""

    name: str
    caption: str
    column: str
    direction: str  # as `aria-sort` has it
    value: Callable[[SurveyRow], Any]  # what is compared, None if unknown

    @property
    def query(self) -> str:
        """The query of its address; empty for the first, which needs none."""
        return "" if self is ORDERS[0] else f"?sort={self.name}"

    def sorted(self, rows: Sequence[SurveyRow]) -> list[SurveyRow]:
        """Return the rows in this order; those without a value are last, as they were."""
        if self is ORDERS[0]:
            return list(rows)
        known = [row for row in rows if self.value(row) is not None]
        ordered = sorted(known, key=self.value, reverse=self.direction == "descending")
        return ordered + [row for row in rows if self.value(row) is None]


def _ratio(row: SurveyRow) -> float | None:
    shown = shown_alternative(row)
    return shown.ratio if shown else None


ORDERS = (
    Order("gain", "what they would gain", "advice", "descending", lambda row: row.gained_ms),
    Order("p95", "p95 today", "p95", "descending", lambda row: row.p95_ms),
    Order("faster", "how much faster", "faster", "ascending", _ratio),
    Order("view", "name", "view", "ascending", lambda row: row.view.lower()),
)


def order_named(name: str | None) -> Order:
    """Return the order of that name, or the one by gain."""
    return next((order for order in ORDERS if order.name == name), ORDERS[0])
