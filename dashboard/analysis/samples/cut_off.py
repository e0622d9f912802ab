"""Rounds that Stop left partial: shown, but not counted if any round is whole.

A round of a stopped run is whole if every lane fired all of its requests and each of them came to
an end of its own. A request that Stop cut off is not a failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.wire.plural import counted
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report

from .lane_samples import Columns, Lane
from .stats import whole_rounds
from .window import without_rounds

CUT_SHORT = ("stopped", "interrupted")  # statuses of runs whose last round may be partial


@dataclass(frozen=True)
class PartialRounds:
    """A lane's requests in the rounds that are not whole in every lane: `PartialReport` in JSON."""

    rounds: tuple[int, ...]
    done: int
    failed: int
    cut_off: int


@dataclass(frozen=True)
class CountedLanes:
    """The counted rounds of each lane, and its partial rounds, if any.

    `uncounted` are the rounds that were left out; empty if no round is whole, since everything is
    then shown.
    """

    lanes: list[Lane]
    partial: list[PartialRounds | None]
    uncounted: tuple[int, ...] = ()


def counted_lanes(lanes: Sequence[Lane], requests: int, status: str) -> CountedLanes:
    """Leave out the partial rounds of a run with this status, unless there are no others."""
    partial = _partial_rounds(lanes, requests) if status in CUT_SHORT else []
    if not partial:
        return CountedLanes(list(lanes), [None] * len(lanes))
    parts: list[PartialRounds | None] = [_partial(lane, partial) for lane in lanes]
    if not _whole_in_all(lanes, requests):
        return CountedLanes(list(lanes), parts)
    return CountedLanes([without_rounds(lane, partial) for lane in lanes], parts, tuple(partial))


def with_cut_off(lane: Lane) -> Columns:
    """Return every sample of a lane, those that Stop cut off last."""
    if not lane.cut_off["done"].size:
        return lane.samples
    return {
        name: np.concatenate([column, lane.cut_off[name]]) for name, column in lane.samples.items()
    }


def cut_off_text(lane: LaneReport) -> str:
    """Return "24 done, 76 cut off by Stop"; empty if nothing was cut off."""
    partial = lane.get("partial")
    if not partial or not partial["cut_off"]:
        return ""
    failed = f", {partial['failed']:,} failed" if partial["failed"] else ""
    return f"{partial['done']:,} done{failed}, {partial['cut_off']:,} cut off by Stop"


def stopped_text(report: Report) -> str:
    """Return the sentence on which rounds of a stopped run count; empty for other runs."""
    if report["status"] not in CUT_SHORT:
        return ""
    whole, of = whole_rounds_of(report), report["rounds"]
    words = f"{report['status'].capitalize()} after {whole} of {counted(of, 'round')}"
    lanes = [f"{lane['lane']} {text}" for lane in report["lanes"] if (text := cut_off_text(lane))]
    if not lanes:
        return f"{words}."
    uncounted = ", in a round that is not counted" if whole else ""
    return f"{words}: {'; '.join(lanes)}{uncounted}."


def whole_rounds_of(report: Report) -> int:
    """Return how many rounds of a report are whole in every lane."""
    return min((len(lane["makespan_s"]) for lane in report["lanes"]), default=0)


def _whole_in_all(lanes: Sequence[Lane], requests: int) -> set[int]:
    return set.intersection(*(set(whole_rounds(lane, requests)) for lane in lanes))


def _partial_rounds(lanes: Sequence[Lane], requests: int) -> list[int]:
    """Return every round that has any samples and is not whole in all lanes."""
    parts = (part["round"] for lane in lanes for part in (lane.samples, lane.cut_off, lane.health))
    present = {int(number) for rounds in parts for number in np.unique(rounds)}
    return sorted(present - _whole_in_all(lanes, requests))


def _partial(lane: Lane, rounds: Sequence[int]) -> PartialRounds:
    here = np.isin(lane.samples["round"], rounds)
    done = int((here & lane.ok).sum())
    cut_off = int(np.isin(lane.cut_off["round"], rounds).sum())
    return PartialRounds(tuple(rounds), done, int(here.sum()) - done, cut_off)
