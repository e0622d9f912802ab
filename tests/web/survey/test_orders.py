"""The orders of a survey's table: what has no value is last, and equal rows stay as they were."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.web.survey.orders import ORDERS, order_named
from dashboard.wire.experiments.survey import SurveyRow

from .test_rows import AWAITED, POOL, ROW

SLOW = replace(ROW, scenario="slow", view="shop.views:Slow", p95_ms=900.0, alternatives=(POOL,))
FAST = replace(ROW, scenario="fast", view="shop.views:fast", p95_ms=9.0, alternatives=(AWAITED,))
ODD = replace(ROW, scenario="odd", view="shop.views:odd", p95_ms=None, alternatives=())
EQUAL = replace(FAST, scenario="equal", view="shop.views:Equal")
ROWS = (ODD, FAST, EQUAL, SLOW)


@pytest.mark.parametrize(
    ("name", "scenarios"),
    [
        ("p95", ["slow", "fast", "equal", "odd"]),
        ("faster", ["slow", "fast", "equal", "odd"]),
        ("view", ["equal", "fast", "odd", "slow"]),
        ("gain", ["odd", "fast", "equal", "slow"]),  # as the answer has them
    ],
)
def test_rows_are_sorted(name: str, scenarios: list[str]) -> None:
    rows: list[SurveyRow] = order_named(name).sorted(ROWS)
    assert [row.scenario for row in rows] == scenarios


@pytest.mark.parametrize("name", [None, "", "nothing", "gain"])
def test_an_unknown_order_is_that_by_gain(name: str | None) -> None:
    assert order_named(name) is ORDERS[0]
    assert not ORDERS[0].query


def test_the_others_are_in_addresses() -> None:
    assert [order.query for order in ORDERS[1:]] == ["?sort=p95", "?sort=faster", "?sort=view"]
