"""Which candidates are fired."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.model.ranking import Candidate, ranked, two_best
from dashboard.analysis.model.view_model import Configuration, Prediction


def candidate(change: Any, rps: float, threads: int = 8, *, stand_in: bool = False) -> Candidate:
    prediction = Prediction(rps, 1.0, "threads", "")
    lane = f"sync@{change}:threads={threads}"
    return Candidate(change, lane, Configuration(threads=threads), prediction, stand_in)


def test_of_those_as_fast_as_each_other_the_cheapest_is_first() -> None:
    loop, pool = candidate("async", 103), candidate("threads", 100, 32)
    processes, small = candidate("processes", 99), candidate("threads", 101, 16)
    slow = candidate("threads", 50, 8)
    assert ranked([slow, loop, pool, processes, small]) == [small, pool, processes, loop, slow]


def test_the_second_is_of_another_kind_where_there_is_one() -> None:
    pools = [candidate("threads", 100 * threads, threads) for threads in (8, 16, 32)]
    loop = candidate("async", 900)
    assert two_best([*pools, loop]) == [pools[2], loop]
    assert two_best(pools) == [pools[2], pools[1]]
    stand_in = candidate("threads", 3200, 32, stand_in=True)
    assert two_best([*pools[:2], stand_in]) == [stand_in, pools[1]]


def test_there_may_be_fewer_than_two() -> None:
    assert two_best([]) == []
    only = candidate("threads", 1)
    assert two_best([only]) == [only]


@given(st.lists(st.floats(1, 1e4), max_size=6), st.randoms())
def test_the_order_of_what_is_offered_does_not_matter(rates: list[float], draw: Any) -> None:
    offered = [candidate("threads", rps, 8 + number) for number, rps in enumerate(rates)]
    shuffled = draw.sample(offered, len(offered))
    assert ranked(shuffled) == ranked(offered)
    assert len(two_best(shuffled)) == min(2, len(offered))
