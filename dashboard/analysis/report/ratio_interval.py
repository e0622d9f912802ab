"""The interval of the ratio of two lanes in a report's deciding metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.analysis.inference.comparison import FEWEST_ROUNDS, FIXED, holm
from dashboard.analysis.inference.worst_case import Box, box_of
from dashboard.wire.report.lanes import WorstCaseReport
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import VerdictReport

Ends = tuple[float, float]

COMPARED = {"differs", "no-difference", "undecided"}  # answers that rest on an interval


def ratio_interval(report: Report, above: str, below: str) -> Ends | None:
    """Return the interval of `above` / `below`; None if the report has none."""
    verdict = report["verdict"]
    if verdict is None:
        return None
    intervals = {each["lane"]: each["interval"] for each in verdict["comparisons"]}
    with_baseline = _with_baseline(verdict["baseline"], intervals, above, below)
    return with_baseline or _between_others(report, verdict, above, below)


def worst_case(report: Report, above: str, below: str) -> Ends | None:
    """Return the range of `above` / `below` in a disturbed run, with all lateness charged."""
    verdict = report["verdict"]
    disturbed = verdict.get("disturbed") if verdict else None
    if verdict is None or disturbed is None:
        return None
    return _with_baseline(verdict["baseline"], disturbed["intervals"], above, below)


def _with_baseline(
    baseline: str, intervals: Mapping[str, Sequence[float] | None], above: str, below: str
) -> Ends | None:
    """Return the interval if one lane is the baseline; `intervals` are those of the other lanes."""
    if below == baseline and (ends := intervals.get(above)):
        return ends[0], ends[1]
    if above == baseline and (ends := intervals.get(below)):
        return 1 / ends[1], 1 / ends[0]
    return None


def _between_others(report: Report, verdict: VerdictReport, above: str, below: str) -> Ends | None:
    """Return the paired t interval of two lanes neither of which is the baseline.

    None if rounds are missing, since it is then unknown which belong together, if one lane could
    not be compared, and for a run until certain: its end depends on what was measured.
    """
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
    first, second = _known_ends(worst[below]), _known_ends(worst[above])
    if first is None or second is None:
        return None
    rounds = dict.fromkeys(first, 1.0)
    return box_of(first, second, (rounds, rounds))


def _known_ends(worst: WorstCaseReport | None) -> dict[int, Ends] | None:
    """Return both ends of each round of a lane; None if one of them is unknown."""
    if worst is None:
        return None
    ends: dict[int, Ends] = {}
    for number, (low, high) in enumerate(zip(worst["low"], worst["high"], strict=True)):
        if low is None or high is None:
            return None
        ends[number] = low, high
    return ends
