"""The sentence of a sweep: from which level on a lane is faster, as far as its levels show it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dashboard.analysis.inference.crossover import Crossover, Level, Zone

from .numbers import percent

LevelText = Callable[[float], str]  # 23 -> "23 concurrent requests"


def crossover_sentence(
    crossover: Crossover,
    levels: Sequence[Level],
    pair: tuple[str, str],
    level_text: LevelText,
    margin: float,
) -> str:
    """Return what a sweep shows of a lane and its baseline (`pair`), in one sentence or two."""
    lane, baseline = pair
    standings = {
        "ahead": f"{lane} is faster than {baseline}",
        "behind": f"{baseline} is faster than {lane}",
        "even": f"{lane} and {baseline} differ by no more than {percent(margin)}",
    }
    if crossover.answer == "undecided":
        return _undecided(crossover.zones, standings, pair, level_text)
    if crossover.interval is None or crossover.before is None or crossover.below is None:
        reach = _levels_text(crossover.zones[0], level_text)
        return f"No crossover in this range: {standings[crossover.standing]} {reach}."
    upper = f" to {level_text(crossover.until)}" if crossover.until is not None else ""
    return (
        f"From {level_text(crossover.interval[1])}{upper}, {standings[crossover.standing]};"
        f" at {crossover.below:.4g}, {standings[crossover.before]}. {_where(crossover, levels)}"
    )


def _where(crossover: Crossover, levels: Sequence[Level]) -> str:
    """Return the interval of the crossover, and the undecided levels inside it."""
    low, high = crossover.interval or (0.0, 0.0)
    if low == high:
        return f"The crossover is at {high:g} (95 % on each side)."
    between = [level for level in levels if low <= level.at < high and not level.decided]
    sentence = f"The crossover is between {low:.4g} and {high:.4g} (95 % at each end)"
    if not between:
        return f"{sentence}."
    return f"{sentence}; undecided at {', '.join(f'{level.at:.4g}' for level in between)}."


def _undecided(
    zones: Sequence[Zone], standings: dict[str, str], pair: tuple[str, str], level_text: LevelText
) -> str:
    if all(zone.standing == "undecided" for zone in zones):
        return f"Undecided at every level whether {pair[0]} or {pair[1]} is faster."
    parts = "; ".join(
        f"{standings.get(zone.standing, 'undecided')} {_levels_text(zone, level_text)}"
        for zone in zones
    )
    return f"No crossover was found: {parts}."


def _levels_text(zone: Zone, level_text: LevelText) -> str:
    if zone.first == zone.last:
        return f"at {level_text(zone.first)}"
    return f"from {zone.first:.4g} to {level_text(zone.last)}"
