"""Two X-rays aligned by their parts, and what their difference is in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.xray.alignment import align, merged_order
from dashboard.analysis.xray.difference import Difference
from dashboard.analysis.xray.parts import Cost, Part
from dashboard.analysis.xray.trace import Xray
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.xray.chains import SESSIONS, async_lane, sync_lane, sync_only_last
from tests.analysis.xray.test_trace import Row, any_rows, xray_of

SLOW, FAST = [value * MS for value in (14, 15, 16, 14, 15)], [10 * MS] * 5


def difference(first: Xray, second: Xray, *lengths: Sequence[int]) -> Difference:
    before, after = lengths or ([first.length_ns] * 5, [second.length_ns] * 5)
    return Difference(first, second, (before, after))


def test_parts_of_both_are_next_to_each_other() -> None:
    rows = align(sync_lane(), async_lane())
    labels = [difference(sync_lane(), async_lane()).label(row.part) for row in rows]
    assert labels == ["Django itself", "SessionMiddleware", "the view", "the view › SELECT book"]
    assert all(row.first and row.second for row in rows)
    assert [row.change.counts for row in rows] == [(0, 0, 0), (1, 1, 0), (1, 0, 0), (0, 0, 0)]


def test_the_rows_begin_with_the_whole_request() -> None:
    found = difference(sync_lane("SELECT author"), async_lane())
    assert found.rows == [
        ("the whole request", "1 query, 10 ms", "2 hops, 1 thread, 1 query, 14 ms",
         "+2 hops, +1 thread, +4 ms"),
        ("SessionMiddleware", "3 ms", "1 hop, 1 thread, 5 ms", "+1 hop, +1 thread, +2 ms"),
        ("the view", "2 ms", "1 hop, 4 ms", "+1 hop, +2 ms"),
        ("the view › SELECT book", "–", "1 query, 1 ms", "+1 query, +1 ms"),
        ("the view › SELECT author", "1 query, 1 ms", "–", "−1 query, −1 ms"),
    ]  # fmt: skip
    assert found.alike == 1  # Django itself


def test_what_only_one_of_them_does_is_a_part_of_its_own() -> None:
    found = difference(sync_lane("SELECT author"), async_lane())
    missing = {found.label(row.part): (row.first, row.second) for row in found.parts}
    assert missing["the view › SELECT author"][1] is None
    assert missing["the view › SELECT book"][0] is None
    assert found.total == Cost(hops=2, threads=1, queries=0, own_ns=4 * MS)


def test_the_parts_that_differ_are_listed_most_hops_first() -> None:
    found = difference(sync_lane(), async_lane())
    assert [found.label(row.part) for row in found.differing] == ["SessionMiddleware", "the view"]


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        (
            *(sync_lane(), async_lane()),
            "B against A: +2 hops, +1 thread, +4 ms. By part: SessionMiddleware (+1 hop,"
            " +1 thread), the view (+1 hop).",
        ),
        (
            *(async_lane(), sync_lane()),
            "B against A: −2 hops, −1 thread, −4 ms. By part: SessionMiddleware (−1 hop,"
            " −1 thread), the view (−1 hop).",
        ),
        (
            *(sync_lane(), sync_lane()),
            "B against A: no difference. Their times cannot be told apart: 0 ms, from 5 and 5"
            " traced requests.",
        ),
    ],
)
def test_the_sentence(first: Xray, second: Xray, text: str) -> None:
    assert difference(first, second).sentence("A", "B") == text


@pytest.mark.parametrize(
    ("lengths", "differs"),
    [
        ((FAST, SLOW), True),
        ((SLOW, FAST), True),
        ((FAST, [*SLOW[:4], 10 * MS]), False),  # one was as fast
        ((FAST[:1], SLOW[:1]), False),  # of two requests one is always the faster
        ((FAST[:3], SLOW[:3]), False),  # one chance in ten
        ((FAST[:4], SLOW[:4]), True),
    ],
)
def test_times_differ_only_if_chance_would_hardly_order_them_so(
    lengths: tuple[Sequence[int], Sequence[int]], differs: bool
) -> None:
    found = difference(sync_lane(), async_lane(), *lengths)
    assert found.time_differs is differs
    assert ("+4 ms" in found.text) is differs
    assert ("cannot be told apart" in found.sentence("A", "B")) is not differs


def test_a_part_that_differs_in_time_alone_is_listed_only_if_the_requests_differ_in_it() -> None:
    shorter = sync_lane()
    longer = replace(
        shorter,
        spans=(
            replace(shorter.spans[0], end_ns=15 * MS),  # 5 ms more in Django itself
            *shorter.spans[1:],
        ),
    )
    apart, alike = difference(shorter, longer), difference(shorter, longer, FAST, [*SLOW, 5 * MS])
    assert [apart.label(row.part) for row in apart.differing] == ["Django itself"]
    assert alike.differing == ()


@pytest.mark.parametrize(
    ("first", "second", "statuses", "text"),
    [
        (async_lane(), sync_lane(), (200, 200), "−2 hops, −1 thread, −4 ms, still 200"),
        (async_lane(), sync_lane(), (200, 500), "−2 hops, −1 thread, 500 instead of 200"),
        (sync_lane(), sync_lane(), (200, 200), "no hop fewer, time alike, still 200"),
    ],
)
def test_what_leaving_something_out_changed(
    first: Xray, second: Xray, statuses: tuple[int, int], text: str
) -> None:
    assert difference(first, second).without_it(statuses) == text


def test_the_json_has_all_parts() -> None:
    result = json.loads(json.dumps(difference(sync_only_last(), async_lane()).to_json()))
    assert (result["hops"], result["threads_started"], result["queries"]) == (0, 1, 1)
    assert (result["length_ms"], result["time_differs"], result["n"]) == (4, True, [5, 5])
    rows = {row["part"]: row for row in result["parts"]}
    assert rows["own"]["second"] is None
    assert rows["own"]["first"]["hops"] == 2
    assert rows["SessionMiddleware"]["second"] == {
        "hops": 1, "threads_started": 1, "queries": 0, "own_ms": 5,
    }  # fmt: skip


@given(any_rows(), any_rows())
def test_the_changes_of_the_parts_add_up_to_that_of_the_request(
    first: list[Row], second: list[Row]
) -> None:
    found = difference(xray_of(*first), xray_of(*second))
    total = sum((row.change for row in found.parts), Cost())
    assert total.counts == found.total.counts
    assert difference(xray_of(*first), xray_of(*first)).total == Cost()


names = st.lists(st.sampled_from("abcdef"), unique=True)


@given(names, names)
def test_the_order_of_the_first_is_kept_and_nothing_is_lost(
    first: list[str], second: list[str]
) -> None:
    before, after = ([(name,) for name in each] for each in (first, second))
    merged: list[Part] = merged_order(before, after)
    assert sorted(merged) == sorted({*before, *after})
    assert [part for part in merged if part in before] == before


def test_what_only_the_second_has_follows_what_it_follows_there() -> None:
    first, second = ([(name,) for name in each] for each in ("abc", "xazbcy"))
    assert "".join(name for (name,) in merged_order(first, second)) == "xazbcy"


def test_middleware_has_its_class_for_a_name() -> None:
    assert difference(sync_lane(), sync_lane()).label(("middleware", SESSIONS, "signal x")) == (
        "SessionMiddleware › x"
    )
