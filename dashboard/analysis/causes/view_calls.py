"""Whether a view was called for a lane's requests, as counts.

Success depends on that, not on the status. The probe's stamps show whether Django called a
view. Without a probe, or without Django, it is unknown: that is reported and never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from dashboard.analysis.samples.lane_samples import Lane
from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.http_status import NOT_MODIFIED, SWITCHING_PROTOCOLS
from dashboard.wire.report.answers import (
    AnswerKind,
    AnswersReport,
    ExceptionKind,
    RedirectKind,
    ViewCounts,
)
from dashboard.wire.report.lanes import LaneReport

REDIRECTS = range(300, 400)
MOST_SHARE = 0.01  # of unattributed redirects, in one lane and not in the other


def views(lane: Lane) -> ViewCounts:
    """Count complete answers by whether a view was called for them.

    `unknown_redirects` are the redirects among the `unknown`; they count as successes.
    """
    samples = lane.samples
    answered = (samples["status"] != 0) & (samples["status"] != SWITCHING_PROTOCOLS)
    called = answered & (samples["view_entered"] != UNKNOWN)
    not_called = answered & (samples["no_view"] != 0)
    unknown = answered & ~called & ~not_called
    redirected = (samples["status"] >= REDIRECTS.start) & (samples["status"] < REDIRECTS.stop)
    redirected &= (samples["status"] != NOT_MODIFIED) & (samples["error"] == Failure.NONE)
    return {
        "called": int(called.sum()),
        "not_called": int(not_called.sum()),
        "unknown": int(unknown.sum()),
        "unknown_redirects": int((unknown & redirected).sum()),
    }


def skipped(lane: Lane) -> dict[str, int]:
    """Count the successes for which Django called no view, by status: `{"200": 40}`."""
    statuses = lane.samples["status"][lane.ok & (lane.samples["no_view"] != 0)]
    values, counts = np.unique(statuses, return_counts=True)
    return {str(status): int(count) for status, count in zip(values, counts, strict=True)}


def exceptions(kinds: Iterable[AnswerKind], errors: Mapping[str, int]) -> list[ExceptionKind]:
    """Return the exceptions that became an error, without those that a middleware handled."""
    return [
        {**kind, "type": kind["type"]}
        for kind in kinds
        if kind["type"] is not None
        and (kind["status"] is None or f"http-{kind['status']}" in errors)
    ]


def redirects(kinds: Iterable[AnswerKind]) -> list[RedirectKind]:
    """Return the targets of redirects that no view answered, or that may lead to a login."""
    return [
        {"status": kind["status"], "to": kind["where"], "count": kind["count"]}
        for kind in kinds
        if kind["type"] is None
    ]


def redirected_unlike(lane: LaneReport, other: LaneReport) -> bool:
    """Return True if one lane was redirected and the other was not, without known view calls.

    Two lanes that were both redirected may have done the same work.
    """
    redirected, other_redirected = (
        each["views"]["unknown_redirects"] > MOST_SHARE * each["requests"] for each in (lane, other)
    )
    return bool(redirected != other_redirected)


def lane_answers(
    lane: Lane, kinds: Sequence[AnswerKind], errors: Mapping[str, int]
) -> AnswersReport:
    """Return a lane's part of the report on view calls."""
    return {
        "views": views(lane),
        "skipped": skipped(lane),
        "exceptions": exceptions(kinds, errors),
        "redirects": redirects(kinds),
    }
