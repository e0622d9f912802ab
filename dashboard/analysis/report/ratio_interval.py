"""The interval of the ratio of two lanes in a report's deciding metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dashboard.analysis.inference.comparison import FEWEST_ROUNDS, FIXED, holm
from dashboard.analysis.inference.worst_case import Box, box_of

Report = Mapping[str, Any]
Ends = tuple[float, float]

COMPARED = {"differs", "no-difference", "undecided"}  # answers that rest on an interval


def ratio_interval(report: Report, above: str, below: str) -> Ends | None:
    """Return the interval of `above` / `below`; None if the report has none."""
    intervals = {each["lane"]: each["interval"] for each in report["verdict"]["comparisons"]}
    return _with_baseline(report, intervals, above, below) or _between_others(report, above, below)


def worst_case(report: Report, above: str, below: str) -> Ends | None:
    """Return the range of `above` / `below` in a disturbed run, with all lateness charged."""
    return _with_baseline(report, report["verdict"]["disturbed"]["intervals"], above, below)


def _with_baseline(
    report: Report, intervals: Mapping[str, Sequence[float] | None], above: str, below: str
) -> Ends | None:
    """Return the interval if one lane is the baseline; `intervals` are those of the other lanes."""
    baseline = report["verdict"]["baseline"]
    if below == baseline and (ends := intervals.get(above)):
        return ends[0], ends[1]
    if above == baseline and (ends := intervals.get(below)):
        return 1 / ends[1], 1 / ends[0]
    return None


def _between_others(report: Report, above: str, below: str) -> Ends | None:
    """Return the paired t interval of two lanes neither of which is the baseline.

    None if rounds are missing, since it is then unknown which belong together, if one lane could
    not be compared, and for a run until certain: its end depends on what was measured.
    """
    verdict = report["verdict"]
    answers = {each["lane"]: each["answer"] for each in verdict["comparisons"]}
    if verdict["rule"] != "fixed" or not {answers.get(above), answers.get(below)} <= COMPARED:
        return None
    by_round = {lane["lane"]: lane[verdict["metric"]] for lane in report["lanes"]}
    first, second = by_round[above], by_round[below]
    if len(first) != len(second) or not FEWEST_ROUNDS <= len(first) == report["rounds"]:
        return None
    boxes: list[Box] = []
    if verdict.get("disturbed"):
        box = _box(report, above, below)
        if box is None:
            return None
        boxes.append(box)
    (interval,) = holm([np.log(first) - np.log(second)], FIXED, boxes)
    return interval.low, interval.high


def _box(report: Report, above: str, below: str) -> Box | None:
    """Return the box of two lanes of a disturbed run; None if some lateness is unknown."""
    worst = {lane["lane"]: lane["worst_case"] for lane in report["lanes"]}
    ends = [
        dict(enumerate(zip(worst[lane]["low"], worst[lane]["high"], strict=True)))
        for lane in (below, above)
    ]
    if any(None in pair for lane in ends for pair in lane.values()):
        return None
    rounds = dict.fromkeys(ends[0], 1.0)
    return box_of(ends[0], ends[1], (rounds, rounds))
