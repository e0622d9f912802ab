"""The ladder of configurations: the least that holds is found in a few steps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.capacity.ladder import (
    MOST_TRIED,
    Rung,
    least_rung,
    next_rung,
    price,
    rungs,
)
from dashboard.analysis.model.view_model import Configuration, Work
from tests.properties import examples

WORK = Work(wall_s=0.1, cpu_s=0.002)
CONFIGURATIONS = {
    f"sync@gunicorn-gthread:processes={processes},threads={threads}": Configuration(
        processes, threads, cores=2
    )
    for processes in (1, 2, 4)
    for threads in (1, 2, 4, 8, 16, 32, 64)
}


def climbed(ladder: tuple[Rung, ...], rate_rps: float, least: int) -> dict[str, bool]:
    """Return what was tried if all rungs from `least` on hold the rate."""
    held: dict[str, bool] = {}
    while rung := next_rung(ladder, held, rate_rps):
        assert rung.lane not in held
        held[rung.lane] = ladder.index(rung) >= least
    return held


def test_each_rung_costs_more_and_is_predicted_to_hold_more() -> None:
    ladder = rungs(WORK, CONFIGURATIONS, 0.2)
    assert len(ladder) > 4
    prices = [price(rung.configuration) for rung in ladder]
    assert prices == sorted(prices)
    predicted = [rung.predicted_rps for rung in ladder]
    assert predicted == sorted(predicted)
    # Four processes compute on two cores as well as two do.
    assert all(rung.configuration.processes < 4 for rung in ladder)


@examples(100)
@given(rate=st.floats(5, 2000), off_by=st.integers(-1, 2))
def test_the_least_that_holds_is_found_where_the_prediction_is_nearly_right(
    rate: float, off_by: int
) -> None:
    ladder = rungs(WORK, CONFIGURATIONS, 0.2)
    start = next_rung(ladder, {}, rate)
    assert start
    least = min(max(ladder.index(start) + off_by, 0), len(ladder) - 1)
    held = climbed(ladder, rate, least)
    assert len(held) <= MOST_TRIED
    assert least_rung(ladder, held) == ladder[least]


def test_the_search_ends_if_nothing_holds_or_nothing_was_predicted() -> None:
    ladder = rungs(WORK, CONFIGURATIONS, 0.2)
    held = climbed(ladder, 100.0, len(ladder))
    assert 0 < len(held) <= MOST_TRIED
    assert least_rung(ladder, held) is None
    assert next_rung((), {}, 100.0) is None
    too_slow = rungs(Work(wall_s=1.0), CONFIGURATIONS, 0.2)
    assert [rung.predicted_rps for rung in too_slow] == [0]
