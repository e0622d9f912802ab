"""The drawings of the empty bench: which views they are drawn for, and their shapes."""

from __future__ import annotations

import pytest
from django.test import AsyncClient

from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.bench.ghosts import AT_ONCE, ROWS, ghosts
from dashboard.web.shared.code import Listing


def listing(variant: str, family: str) -> Listing:
    return Listing(variant, family, f"views:{variant}", ())


@pytest.mark.parametrize(
    ("variants", "drawn"),
    [
        (["sync", "async"], ["sync", "async"]),
        (["sync-a", "sync-b", "async"], ["sync-a", "async"]),
        (["async-a", "async-b"], ["async-a", "async-b"]),
        (["sync"], ["sync"]),
        ([], []),
    ],
)
def test_a_pair_is_of_both_families_if_there_are_both(
    variants: list[str], drawn: list[str]
) -> None:
    pair = ghosts([listing(variant, variant.partition("-")[0]) for variant in variants])
    assert [ghost.listing.variant for ghost in pair] == drawn
    assert [ghost.shape for ghost in pair] == ["staircase", "wall"][: len(drawn)]


def test_a_staircase_has_steps_and_a_wall_has_none() -> None:
    staircase, wall = ghosts([listing("sync", "sync"), listing("async", "async")])
    for ghost in (staircase, wall):
        assert len(ghost.bars) == ROWS
        assert all(bar.x + bar.work <= ghost.width for bar in ghost.bars)
        assert all(bar.y + bar.height <= ghost.height for bar in ghost.bars)
    begins = [bar.x for bar in staircase.bars]
    assert begins == sorted(begins)
    assert len(set(begins)) == 6
    assert {bar.x for bar in wall.bars} == {0}
    assert staircase.work.count("z") == wall.work.count("z") == ROWS
    assert staircase.waiting.count("z") == ROWS - AT_ONCE
    assert wall.waiting == ""
    assert staircase.work.startswith("M0 0h62v5h-62z")


async def test_the_empty_bench_follows_the_scenario(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    page = (await browser.get("/?scenario=mixed")).content.decode()
    assert page.count('class="ghost panel" data-family="async"') == 2
    assert "The code of bridged-threads" in page
