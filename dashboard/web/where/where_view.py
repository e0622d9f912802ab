"""What the tab *Where* of a run shows: sampled lanes, and what can be sampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from dashboard.analysis.text.causes.lines import STATE_CAPTIONS
from dashboard.models import Run, RunLane, Status
from dashboard.runs.reports.samples import lanes_with_samples
from dashboard.runs.reports.stored import stored_report
from dashboard.web.shared.format import LETTERS
from dashboard.wire.report.where import LaneWhere

from .lane_where import LaneSection, lane_section
from .pair import Pair, pair_of
from .states import MEANINGS

ENDED_WITH_NUMBERS = (Status.FINISHED, Status.STOPPED)
AFTER, NOT_FINISHED = "after the run", "The run did not finish."
EXTERNAL = "Liveburst did not start this server, so it cannot look into it."


@dataclass(frozen=True)
class LaneChoice:
    """A lane that has not been sampled; `why` is the reason if it was tried or cannot be."""

    position: int
    letter: str
    name: str
    family: str
    why: str
    can_be: bool


@dataclass(frozen=True)
class StateKey:
    """An entry of the legend."""

    state: str
    caption: str
    meaning: str


@dataclass(frozen=True)
class WhereView:
    """The tab. `pairs` are lanes side by side; none with fewer than two sampled lanes."""

    run: str
    lanes: tuple[LaneSection, ...]
    choices: tuple[LaneChoice, ...]
    pairs: tuple[Pair, ...]
    formats: tuple[str, ...]
    legend: tuple[StateKey, ...]

    @property
    def can_sample(self) -> bool:
        """True if some lane can still be sampled."""
        return any(choice.can_be for choice in self.choices)


LEGEND = tuple(StateKey(state, text, MEANINGS[state]) for state, text in STATE_CAPTIONS.items())


def where_view(run: Run, letters: Sequence[str] = (), *, every_pair: bool = False) -> WhereView:
    """Return the tab of a run.

    `letters` are the two lanes to show side by side, else the baseline and the lane that differs
    most from it. With `every_pair` each lane is shown beside the first: a file cannot fetch another
    pair.
    """
    lanes = list(run.lanes.all())
    stored = {lane.position: samples for lane, samples in lanes_with_samples(run)}
    sampled = {at: samples.where for at, samples in stored.items() if samples.where is not None}
    missing = {at: samples.missing for at, samples in stored.items()}
    sections = [
        lane_section(lane.position, LETTERS[lane.position], lane.family, sampled[lane.position])
        for lane in lanes
        if lane.position in sampled
    ]
    return WhereView(
        run=run.pk,
        lanes=tuple(sections),
        choices=tuple(
            _choice(run, lane, missing.get(lane.position, ""))
            for lane in lanes
            if lane.position not in sampled
        ),
        pairs=tuple(_pairs(run, sampled, letters, every_pair=every_pair)),
        formats=("speedscope", "perfetto") if sections else (),
        legend=LEGEND,
    )


def _choice(run: Run, lane: RunLane, missing: str) -> LaneChoice:
    external = lane.facts.get("probe") is False
    ended = run.status in ENDED_WITH_NUMBERS
    state = "" if ended else AFTER if run.active else NOT_FINISHED
    return LaneChoice(
        position=lane.position,
        letter=LETTERS[lane.position],
        name=lane.name,
        family=lane.family,
        why=EXTERNAL if external else missing or state,
        can_be=ended and not external,
    )


def _pairs(
    run: Run, sampled: Mapping[int, LaneWhere], letters: Sequence[str], *, every_pair: bool
) -> list[Pair]:
    """Return the pairs that are shown."""
    by_letter = {LETTERS[position]: lane for position, lane in sampled.items()}
    chosen = [letter for letter in letters if letter in by_letter]
    if len(chosen) != 2:
        chosen = [LETTERS[position] for position in _by_difference(run, sampled)]
    first, *others = chosen or [""]
    return [
        pair_of((first, by_letter[first]), (other, by_letter[other]))
        for other in (others if every_pair else others[:1])
    ]


def _by_difference(run: Run, sampled: Mapping[int, LaneWhere]) -> list[int]:
    """Return the baseline, or the first lane that was sampled, and then those that differ most.

    By the verdict's ratios, the fastest or slowest first; lanes without one are last.
    """
    if not sampled:
        return []
    first = min(sampled)
    logs = _log_ratios(run)
    base = logs.get(sampled[first]["lane"], 0.0)

    def differs(position: int) -> float:
        log_ratio = logs.get(sampled[position]["lane"])
        return 0.0 if log_ratio is None else abs(log_ratio - base)

    others = [position for position in sampled if position != first]
    return [first, *sorted(others, key=differs, reverse=True)]


def _log_ratios(run: Run) -> dict[str, float]:
    """Return the logarithm of each lane's ratio to the baseline, as far as there is a verdict."""
    report = stored_report(run)
    verdict = report.get("verdict") if report else None
    if verdict is None:
        return {}
    ratios = {each["lane"]: each["ratio"] for each in verdict["comparisons"]}
    return {lane: log(ratio) for lane, ratio in ratios.items() if ratio}
