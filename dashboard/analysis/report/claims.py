"""What a run says of a claim: of a sentence that people believe, and its expectations by lane.

An expectation holds, does not, or is undecided; the claim's verdict is the one that stays however
the undecided ones would turn out, and where none stays, nothing is shown.

A verdict never says more than the run's own report does:

- Two lanes are compared in the run's metric by its interval alone. A first look has none, so it
  decides nothing; nor does a comparison that the run refused.
- An interval inside the run's margin is no difference, so whoever expects one expects too much.
- A ratio of anything else is a point value, and inside the margin a point value decides nothing.
- A lane of which more than 1 % failed, or that a rate was too much for, has no times of its own.
- A run that did not finish, or was spoiled, decides nothing, but for one thing: a peak above its
  limit was seen, however late whoever fired may have been. Nor does one that was disturbed, but
  for that and for the intervals of its verdict, which hold the worst case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, Literal, TypeAlias

from dashboard.analysis.samples.failure_limit import failed_too_often
from dashboard.analysis.text.numbers import percent
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan import MARGIN

from .expectations import Expectation, Judgement
from .lane_number import LaneNumber

Kind = Literal["holds", "holds-only-when", "does-not-hold", "not-shown"]
Report: TypeAlias = Mapping[str, Any]

COUNTS = ("ok", "requests", "errors")  # what is known however many failed
PEAKS = ("peak_in_app", "peak_in_view", "peak_threads")  # the probe's own, exact maxima
WHY_NOT_COMPARED = {
    "first-look": "fewer than five rounds are a first look, without an interval",
    "errors": "more than 1 % of the requests failed",
    "redirected": "one was redirected, and whether its view was called is not known",
    "behind": "the rate was more than the lane can do",
    "not-trusted": "the instrument was at its limit",
    "no-rounds": "no round was whole in both lanes",
}


@dataclass(frozen=True)
class Finding:
    """What a run says of one expectation: `lane`'s metric, or its ratio to that of `against`.

    `holds` is None where nobody can say, and `why` says why not; it also says why a number that
    looks as if it held does not. `interval` is None where only the point value is known, and
    `limit` is what either is held against.
    """

    expectation: str
    lane: str
    against: str | None
    metric: str
    value: float | None
    interval: tuple[float, float] | None
    limit: float | None
    less: bool
    holds: bool | None
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """As `manage.py claims --json` prints it."""
        return {
            "expectation": self.expectation,
            "holds": self.holds,
            "lane": self.lane,
            "against": self.against,
            "metric": self.metric,
            "value": self.value,
            "interval": None if self.interval is None else list(self.interval),
            "limit": self.limit,
            "why": self.why or None,
        }


@dataclass(frozen=True)
class ClaimVerdict:
    """Whether the claim holds in this run, and the finding of each expectation behind that."""

    kind: Kind
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """As `manage.py claims --json` prints it."""
        return {"kind": self.kind, "findings": [finding.to_json() for finding in self.findings]}


def decide(expectations: Sequence[str], report: Report) -> ClaimVerdict:
    """The verdict of a report on a claim that has these expectations, at least one.

    Raises InvalidPlan for one that is not in the words of `--expect`; one that speaks of a lane
    or a metric that the report does not have is undecided.
    """
    findings = tuple(finding(Expectation.parse(text), report) for text in expectations)
    return ClaimVerdict(kind_of([one.holds for one in findings]), findings)


def kind_of(held: Sequence[bool | None]) -> Kind:
    """The verdict that the expectations come to; None is one that is undecided."""
    if all(held):
        return "holds"
    if True in held and False in held:
        return "holds-only-when"
    return "not-shown" if None in held else "does-not-hold"


def finding(expectation: Expectation, report: Report) -> Finding:
    """What the report says of one expectation."""
    asked = _as_ratio(expectation)
    try:
        judgement, limit = asked.judge(report), _limit(asked, report)
    except InvalidPlan as error:
        return _found(asked, Judgement(False, None, None, None), None, None, str(error))
    if why := _why_undecided(asked, judgement, limit, report):
        return _found(asked, judgement, limit, None, why)
    if _asks_too_much(asked, judgement, limit, report):
        margin = percent(report["verdict"]["margin"])
        return _found(asked, judgement, limit, False, f"no difference larger than {margin}")
    holds = _holds(asked, judgement, report)
    why = "" if holds is not None else "the interval reaches to both sides"
    return _found(asked, judgement, limit, holds, why)


def why_not_trusted(report: Report) -> str:
    """Why this run cannot simply be trusted, in its own words; empty where it can.

    Of one that was disturbed the intervals of its verdict can be, since they are the worst case.
    """
    verdict, instrument = report["verdict"] or {}, report["instrument"] or {}
    disturbed = (verdict.get("disturbed") or {}).get("reason")
    saturated = WHY_NOT_COMPARED["not-trusted"] if instrument.get("saturated") else ""
    return str(verdict.get("spoiled") or disturbed or saturated)


def _worst_case_known(asked: Expectation, judgement: Judgement, report: Report) -> bool:
    """Whether it is about a ratio whose interval holds all that disturbed the run."""
    verdict = report["verdict"] or {}
    disturbed = verdict.get("disturbed") and not verdict.get("spoiled")
    return bool(disturbed and asked.over and judgement.interval is not None)


def _found(
    asked: Expectation, judgement: Judgement, limit: float | None, holds: bool | None, why: str
) -> Finding:
    return Finding(
        expectation=asked.text,
        lane=asked.left.lane,
        against=asked.over.lane if asked.over else None,
        metric=asked.left.path,
        value=_value(judgement),
        interval=judgement.interval,
        limit=limit,
        less=asked.less,
        holds=holds,
        why=why,
    )


def _value(judgement: Judgement) -> float | None:
    """The value; of a ratio with an interval its middle, which is what the run's verdict says.

    A claim is never fired until sure, so its intervals are symmetric in logarithms. In a run that
    was disturbed the middle of the worst case is nothing that was measured.
    """
    if judgement.interval is None or judgement.worst_case:
        return judgement.value
    low, high = judgement.interval
    return sqrt(low * high)


def _as_ratio(expectation: Expectation) -> Expectation:
    """`A < B` of one metric as `A / B < 1`, which is the same and has an interval."""
    left, over, right = expectation.left, expectation.over, expectation.right
    if over is None and isinstance(right, LaneNumber) and right.path == left.path:
        return replace(expectation, over=right, right=1.0)
    return expectation


def _limit(asked: Expectation, report: Report) -> float | None:
    return asked.right.value(report) if isinstance(asked.right, LaneNumber) else asked.right


def _why_undecided(
    asked: Expectation, judgement: Judgement, limit: float | None, report: Report
) -> str:
    """Why the report lets nobody decide this, whatever its numbers; empty where it does."""
    if report["status"] != "finished":
        return f"the run is {report['status']}"
    if (why := why_not_trusted(report)) and not (
        _peak_was_seen(asked, judgement, limit) or _worst_case_known(asked, judgement, report)
    ):
        return why
    if asked.left.path.partition(".")[0] not in COUNTS:
        for lane in report["lanes"]:
            if lane["lane"] in asked.lanes and (answer := _without_times(lane)):
                return f"{lane['lane']}: {WHY_NOT_COMPARED[answer]}"
    if judgement.value is None:
        return "not known in this run"
    if asked.over and judgement.interval is None:
        return _why_no_ratio(asked, judgement.value, report)
    return ""


def _peak_was_seen(asked: Expectation, judgement: Judgement, limit: float | None) -> bool:
    """Whether it is about a lane's peak, which can only have been higher, and that is enough."""
    name = asked.left.path.rpartition(".")[2]
    if asked.over or name not in PEAKS or judgement.value is None or limit is None:
        return False
    return judgement.value >= limit if asked.less else judgement.value > limit


def _why_no_ratio(asked: Expectation, value: float, report: Report) -> str:
    """Why the point value of a ratio decides nothing; empty where it may."""
    verdict = report["verdict"] or {}
    if asked.left.path == verdict.get("metric"):
        answers = {one["lane"]: one["answer"] for one in verdict["comparisons"]}
        refused = [WHY_NOT_COMPARED.get(answers.get(lane, ""), "") for lane in sorted(asked.lanes)]
        return next(filter(None, refused), "these rounds have no interval")
    if asked.left.path == "throughput_rps":
        return "throughput is the makespan said differently: expect that of the makespan"
    inside = _inside(value, value, verdict.get("margin", MARGIN))
    return "inside the margin, and no interval is known" if inside else ""


def _without_times(lane: Mapping[str, Any]) -> str:
    """Why a lane has no times of its own: the run's answer; empty where it has."""
    if failed_too_often(lane):
        return "errors"
    rate = lane.get("rate")
    return "behind" if rate and rate["keeps_up"] is False else ""


def _holds(asked: Expectation, judgement: Judgement, report: Report) -> bool | None:
    if judgement.holds or judgement.interval is None:
        return judgement.holds
    opposite = replace(asked, less=not asked.less).judge(report)
    return False if opposite.holds else None


def _asks_too_much(
    asked: Expectation, judgement: Judgement, limit: float | None, report: Report
) -> bool:
    """Whether it asks for a difference where the run says that there is none worth the name."""
    if judgement.interval is None or limit is None:
        return False
    asks_for_one = limit <= 1 if asked.less else limit >= 1
    return asks_for_one and _inside(*judgement.interval, report["verdict"]["margin"])


def _inside(low: float, high: float, margin: float) -> bool:
    return low >= 1 / (1 + margin) and high <= 1 + margin
