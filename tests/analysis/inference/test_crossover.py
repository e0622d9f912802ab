"""Crossovers of a sweep: planted changes are found, and nothing beyond them is stated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import exp, log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.inference.comparison import FIXED, holm
from dashboard.analysis.inference.crossover import (
    CLOSE_ENOUGH,
    Crossover,
    Level,
    crossover,
    level_of,
    next_level,
    theory_crossover,
)
from dashboard.analysis.text.crossover import crossover_sentence
from dashboard.wire.experiments.crossover import Standing

LANES = ("async@uvicorn", "sync@gunicorn-gthread")
MARGIN = 0.03
GRID = (1, 2, 4, 8, 16, 32, 64)


def report(
    ratio: float | None = None,
    interval: Sequence[float] | None = None,
    answer: str = "differs",
    keeps_up: tuple[bool | None, bool | None] = (None, None),
) -> Any:
    """Return the level of a run in which the lane has this ratio to the baseline."""
    return {
        "status": "finished",
        "lanes": [
            {"lane": lane, "rate": None if able is None else {"keeps_up": able}}
            for lane, able in zip(LANES, keeps_up, strict=True)
        ],
        "verdict": {
            "baseline": LANES[1],
            "margin": MARGIN,
            "comparisons": [
                {"lane": LANES[0], "answer": answer, "ratio": ratio, "interval": interval}
            ],
        },
    }


def levels(standings: Mapping[float, Standing]) -> list[Level]:
    return [Level(at, standing) for at, standing in standings.items()]


def words(crossing: Crossover, levels_: Sequence[Level]) -> str:
    return crossover_sentence(crossing, levels_, LANES, "{:g} at once".format, MARGIN)


@pytest.mark.parametrize(
    ("interval", "standing"),
    [
        ([0.80, 0.90], "ahead"),
        ([0.98, 1.02], "even"),
        ([1.10, 1.20], "behind"),
        ([0.90, 0.98], "undecided"),  # a difference, but perhaps none beyond the margin
        ([0.80, 1.30], "undecided"),
    ],
)
def test_a_level_is_decided_by_its_runs_interval_and_margin(
    interval: list[float], standing: Standing
) -> None:
    level = level_of(8, report(1.0, interval), LANES[0])
    assert (level.standing, level.low, level.high) == (standing, *interval)


def test_a_level_that_was_stopped_stands_by_its_whole_rounds() -> None:
    stopped: Any = {**report(1.0, [0.99, 1.01]), "status": "stopped"}
    assert level_of(8, stopped, LANES[0]).standing == "even"


@pytest.mark.parametrize(
    ("given", "standing", "why"),
    [
        (None, "undecided", "the run did not finish"),
        ({**report(1.0, [0.9, 1.1]), "status": "failed"}, "undecided", "the run did not finish"),
        ({**report(None, None, "no-rounds"), "status": "stopped"}, "undecided", "no-rounds"),
        (report(0.5, None, "first-look"), "undecided", "first-look"),
        (report(None, None, "errors"), "undecided", "errors"),
        (report(None, None, "behind", (True, False)), "ahead", "only one keeps up"),
        (report(None, None, "behind", (False, True)), "behind", "only one keeps up"),
        (report(None, None, "behind", (False, False)), "undecided", "neither keeps up with the"),
    ],
)
def test_what_is_not_compared_is_undecided_unless_one_alone_keeps_up(
    given: Any, standing: Standing, why: str
) -> None:
    level = level_of(8, given, LANES[0])
    assert level.standing == standing
    assert level.why.startswith(why)
    assert level.to_json()["interval"] is None


def test_a_crossover_lies_between_what_is_known_on_either_side() -> None:
    of = levels({1: "even", 4: "behind", 8: "even", 9: "undecided", 11: "ahead", 16: "ahead"})
    crossing = crossover(of, whole=True)
    assert (crossing.answer, crossing.standing, crossing.before) == ("crosses", "ahead", "even")
    assert (crossing.interval, crossing.start, crossing.below, crossing.until) == (
        (9, 11),
        11,
        8,
        None,
    )
    assert [zone.standing for zone in crossing.zones] == [
        "even", "behind", "even", "undecided", "ahead"
    ]  # fmt: skip
    assert words(crossing, of) == (
        "From 11 at once, async@uvicorn is faster than sync@gunicorn-gthread; at 8, async@uvicorn"
        " and sync@gunicorn-gthread differ by no more than 3 %. The crossover is between 9 and 11"
        " (95 % at each end); undecided at 9."
    )


def test_adjacent_levels_fix_it_and_an_undecided_end_limits_it() -> None:
    of = levels({8: "behind", 9: "ahead", 16: "ahead", 32: "undecided"})
    crossing = crossover(of, whole=True)
    assert (crossing.interval, crossing.until) == ((9, 9), 16)
    sentence = words(crossing, of)
    assert sentence.startswith("From 9 at once to 16 at once, async@uvicorn is faster than")
    assert sentence.endswith("The crossover is at 9 (95 % on each side).")
    assert crossover(of, whole=False).interval == (8, 9)


@pytest.mark.parametrize(
    ("standings", "answer", "beginning"),
    [
        ({1: "ahead", 8: "ahead"}, "none", "No crossover in this range: async@uvicorn is faster"),
        ({1: "even", 8: "even"}, "none", "No crossover in this range: async@uvicorn and sync@"),
        ({1: "undecided", 8: "undecided"}, "undecided", "Undecided at every level"),
        ({1: "undecided", 8: "ahead"}, "undecided", "No crossover was found: undecided at 1"),
        ({1: "even", 4: "even", 8: "undecided"}, "undecided", "No crossover was found: async"),
    ],
)
def test_no_crossover_is_an_answer_and_so_is_undecided(
    standings: dict[float, Standing], answer: str, beginning: str
) -> None:
    of = levels(standings)
    crossing = crossover(of, whole=True)
    assert (crossing.answer, crossing.interval) == (answer, None)
    assert words(crossing, of).startswith(beginning)


def test_halving_goes_to_the_wider_open_gap_and_ends() -> None:
    assert next_level(levels({1: "even", 16: "ahead"}), whole=True) == 4
    undecided = levels({1: "even", 2: "undecided", 16: "ahead"})
    assert next_level(undecided, whole=True) == 6
    assert next_level(levels({8: "even", 9: "ahead"}), whole=True) is None
    assert next_level(levels({1: "even", 9: "even"}), whole=True) is None
    assert next_level(levels({2: "undecided", 8: "ahead"}), whole=True) == 4
    assert next_level(levels({0: "even", 1: "ahead"}), whole=False) == 0.5
    close = levels({1: "even", CLOSE_ENOUGH: "ahead"})
    assert next_level(close, whole=False) is None


@given(st.lists(st.sampled_from(["ahead", "even", "behind", "undecided"]), min_size=1, max_size=9))
def test_an_interval_always_has_its_ends_where_they_are_decided(standings: list[Standing]) -> None:
    of = levels(dict(zip(range(1, 100, 7), standings, strict=False)))
    what = crossover(of, whole=True)
    if what.interval is None:
        assert what.answer != "crosses"
        assert len({level.standing for level in of if level.decided}) <= 1
        return
    by_place = {level.at: level for level in of}
    low, high = what.interval
    assert by_place[low - 1].standing == what.before != what.standing
    above = [level.standing for level in of if level.at >= high and level.decided]
    assert set(above) == {what.standing}
    assert low <= high


@given(
    st.integers(1, 200),
    st.integers(2, 512),
    st.lists(st.booleans(), min_size=20, max_size=20),
)
def test_halving_never_repeats_a_level_and_comes_to_an_end(
    low: int, width: int, unclear: list[bool]
) -> None:
    place, of = low + width / 3, dict[float, Standing]()
    of[low], of[low + width] = "even", "ahead"
    for undecided in unclear:
        at = next_level(levels(dict(sorted(of.items()))), whole=True)
        if at is None:
            break
        assert at not in of
        assert low < at < low + width
        of[at] = "undecided" if undecided else "even" if at < place else "ahead"
    else:
        pytest.fail("halving went on and on")


def planted(
    log_ratio: Callable[[float], float], noise: float, rounds: int, seed: int
) -> tuple[Crossover, list[Level]]:
    """Return the crossover of a sweep with this log ratio to the baseline, and this noise."""
    chance = np.random.default_rng(seed)
    by_position: dict[float, Level] = {}

    def measure(at: float) -> None:
        values = log_ratio(at) + noise * chance.standard_normal(rounds)
        (interval,) = holm([values], FIXED)
        by_position[at] = level_of(
            at, report(interval.ratio, [interval.low, interval.high]), LANES[0]
        )

    for at in GRID:
        measure(at)
    for _ in range(6):
        halfway = next_level([by_position[at] for at in sorted(by_position)], whole=True)
        if halfway is None:
            break
        measure(halfway)
    of = [by_position[at] for at in sorted(by_position)]
    return crossover(of, whole=True), of


def pool_of_eight(at: float) -> float:
    """A lane without a limit, compared with one that serves eight requests at a time."""
    return 0.0 if at <= 8 else -log(at / 8)


def steep(at: float) -> float:
    return -0.5 * log(at / 20.3)


def gentle(at: float) -> float:
    return -0.1 * log(at / 12.4)


@pytest.mark.parametrize(
    ("shape", "ahead_from", "noise"),
    [
        # The lane is ahead from where it is by more than the margin.
        (pool_of_eight, 9, 0.01),
        (steep, 20.3 * exp(log(1 + MARGIN) / 0.5), 0.01),
        (steep, 20.3 * exp(log(1 + MARGIN) / 0.5), 0.05),
        (gentle, 12.4 * exp(log(1 + MARGIN) / 0.1), 0.02),
    ],
)
def test_planted_crossovers_lie_in_their_interval(
    shape: Callable[[float], float], ahead_from: float, noise: float
) -> None:
    crossings = [planted(shape, noise, 5, seed)[0] for seed in range(400)]
    named = [
        crossing for crossing in crossings if crossing.interval and crossing.standing == "ahead"
    ]
    assert len(named) >= 0.9 * len(crossings)
    hits = [crossing for crossing in named if crossing.interval and crossing.below is not None
            and crossing.below < ahead_from <= crossing.interval[1]]  # fmt: skip
    assert len(hits) >= 0.95 * len(named)


def test_a_clear_pool_of_eight_is_pinned_to_nine() -> None:
    crossings = [planted(pool_of_eight, 0.005, 5, seed)[0].interval for seed in range(100)]
    assert crossings.count((9, 9)) >= 97


def test_lanes_that_are_alike_have_no_crossover() -> None:
    crossings = [planted(lambda at: 0.0, noise, 5, seed)[0]
             for seed in range(300) for noise in (0.01, 0.05)]  # fmt: skip
    assert sum(crossing.answer == "crosses" for crossing in crossings) <= 0.01 * len(crossings)


def test_theory_parts_two_pools_at_one_more_than_the_smaller() -> None:
    assert theory_crossover(8, None) == 9
    assert theory_crossover(None, 8) == 9
    assert theory_crossover(8, 32) == 9
    assert theory_crossover(8, 8) is theory_crossover(None, None) is None
