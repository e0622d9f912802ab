"""Decide a claim by a run: a sentence that people believe, and its expectations by lane.

An expectation holds, does not hold, or is undecided. The claim's verdict is the one that remains
whatever the undecided expectations turn out to be; if none remains, the claim is undecided.

A verdict never states more than the run's own report:

- Two lanes are compared in the run's metric by its interval alone. A first look has none, so it
  decides nothing; nor does a comparison that the run refused.
- An interval inside the run's margin is no difference: an expectation of one does not hold.
- A ratio of any other metric is a point value, and inside the margin a point value decides nothing.
- A lane of which more than 1 % failed, or that could not keep up with a rate, has no times.
- A run that did not finish, or that has no verdict, decides nothing, with one exception: a peak
  above its limit was observed, however late the load generator was. Nor does a disturbed run
  decide anything but that, and ratios by the intervals of its verdict, which hold the worst case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

from dashboard.analysis.text.numbers import percent
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.experiments.claim_verdict import ClaimVerdict, Finding
from dashboard.wire.experiments.claims import ClaimKind
from dashboard.wire.plan.plan import MARGIN
from dashboard.wire.report.report import Report

from .claim_doubts import inside_margin, why_undecided
from .expectations import Expectation, Judgement
from .lane_number import LaneNumber


def decide(expectations: Sequence[str], report: Report) -> ClaimVerdict:
    """Return the verdict of a report on a claim with these expectations, at least one.

    An expectation about a lane or metric that the report does not have is undecided. Raise
    InvalidPlan for one that does not have the grammar of `--expect`.
    """
    findings = tuple(finding(Expectation.parse(text), report) for text in expectations)
    return ClaimVerdict(kind_of([finding.holds for finding in findings]), findings)


def kind_of(held: Sequence[bool | None]) -> ClaimKind:
    """Return the verdict that follows from the expectations; None is an undecided one."""
    if all(held):
        return "holds"
    if True in held and False in held:
        return "holds-only-when"
    return "not-shown" if None in held else "does-not-hold"


def finding(expectation: Expectation, report: Report) -> Finding:
    """Return what the report shows of one expectation."""
    expectation = _as_ratio(expectation)
    try:
        judgement, limit = expectation.judge(report), _limit(expectation, report)
    except InvalidPlan as error:
        unknown = Judgement(False, None, None, None)
        return _finding(expectation, unknown, None, None, str(error))
    if why := why_undecided(expectation, judgement, limit, report):
        return _finding(expectation, judgement, limit, None, why)
    if _expects_too_much(expectation, judgement, limit, report):
        why = f"no difference larger than {percent(_margin(report))}"
        return _finding(expectation, judgement, limit, False, why)
    holds = _holds(expectation, judgement, report)
    why = "" if holds is not None else "the interval reaches to both sides"
    return _finding(expectation, judgement, limit, holds, why)


def _finding(
    expectation: Expectation,
    judgement: Judgement,
    limit: float | None,
    holds: bool | None,
    why: str,
) -> Finding:
    return Finding(
        expectation=expectation.text,
        lane=expectation.left.lane,
        against=expectation.over.lane if expectation.over else None,
        metric=expectation.left.path,
        value=_value(judgement),
        interval=judgement.interval,
        limit=limit,
        less=expectation.less,
        holds=holds,
        why=why,
    )


def _value(judgement: Judgement) -> float | None:
    """Return the value; for a ratio with an interval its middle, as in the run's verdict.

    A claim is never fired until certain, so its intervals are symmetric in logarithms. In a
    disturbed run the middle of the worst case was not measured, so the value itself is returned.
    """
    if judgement.interval is None or judgement.worst_case:
        return judgement.value
    low, high = judgement.interval
    return sqrt(low * high)


def _as_ratio(expectation: Expectation) -> Expectation:
    """Read `A < B` of one metric as `A / B < 1`, which is the same and has an interval."""
    left, over, right = expectation.left, expectation.over, expectation.right
    if over is None and isinstance(right, LaneNumber) and right.path == left.path:
        return replace(expectation, over=right, right=1.0)
    return expectation


def _limit(expectation: Expectation, report: Report) -> float | None:
    right = expectation.right
    return right.value(report) if isinstance(right, LaneNumber) else right


def _holds(expectation: Expectation, judgement: Judgement, report: Report) -> bool | None:
    """Return None if the interval lies on both sides of the limit."""
    if judgement.holds or judgement.interval is None:
        return judgement.holds
    opposite = replace(expectation, less=not expectation.less).judge(report)
    return False if opposite.holds else None


def _expects_too_much(
    expectation: Expectation, judgement: Judgement, limit: float | None, report: Report
) -> bool:
    """Return True if it expects a difference where the run shows none larger than its margin."""
    if judgement.interval is None or limit is None:
        return False
    expects_one = limit <= 1 if expectation.less else limit >= 1
    return expects_one and inside_margin(judgement.interval, _margin(report))


def _margin(report: Report) -> float:
    verdict = report["verdict"]
    return verdict["margin"] if verdict else MARGIN
