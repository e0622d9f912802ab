"""A crossover in words that a person can repeat, and nothing that its levels do not say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dashboard.analysis.inference.crossover import Crossover, Level, Zone

from .numbers import percent

Words = Callable[[float], str]  # a level: "23 concurrent requests"


def crossover_words(
    found: Crossover, levels: Sequence[Level], pair: tuple[str, str], words: Words, margin: float
) -> str:
    """What a sweep shows of a pair, the lane and its baseline, in one sentence or two."""
    lane, baseline = pair
    stands = {
        "ahead": f"{lane} is ahead of {baseline}",
        "behind": f"{baseline} is ahead of {lane}",
        "even": f"{lane} and {baseline} differ by no more than {percent(margin)}",
    }
    if found.answer == "undecided":
        return _undecided(found.zones, stands, pair, words)
    if found.interval is None or found.before is None or found.below is None:
        reach = _levels_words(found.zones[0], words)
        return f"No crossover in this range: {stands[found.standing]} {reach}."
    upper = f" up to {words(found.until)}" if found.until is not None else " on"
    return (
        f"From {words(found.interval[1])}{upper}, {stands[found.standing]};"
        f" at {found.below:.4g}, {stands[found.before]}. {_where(found, levels)}"
    )


def _where(found: Crossover, levels: Sequence[Level]) -> str:
    """The interval, and what could not be decided inside it."""
    low, high = found.interval or (0.0, 0.0)
    if low == high:
        return f"The change is at {high:g}, each side of it at 95 %."
    between = [level for level in levels if low <= level.at < high and not level.decided]
    said = f"The change lies from {low:.4g} to {high:.4g}, each end at 95 %"
    if not between:
        return f"{said}."
    return f"{said}; undecided at {', '.join(f'{level.at:.4g}' for level in between)}."


def _undecided(
    zones: Sequence[Zone], stands: dict[str, str], pair: tuple[str, str], words: Words
) -> str:
    if all(zone.standing == "undecided" for zone in zones):
        return f"Undecided throughout: which of {pair[0]} and {pair[1]} is ahead."
    parts = "; ".join(
        f"{stands.get(zone.standing, 'undecided')} {_levels_words(zone, words)}" for zone in zones
    )
    return f"No crossover can be named: {parts}."


def _levels_words(zone: Zone, words: Words) -> str:
    if zone.first == zone.last:
        return f"at {words(zone.first)}"
    return f"from {zone.first:.4g} to {words(zone.last)}"
