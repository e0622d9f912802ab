"""Who answered a lane's requests: its view, something before it, or nobody knows; and in words.

Success is judged by that and not by the status. The probe's stamps say whether Django called a
view. Where there is no probe, or no Django, nobody knows, which is said and never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dashboard.analysis.samples.lane_samples import Lane
from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.plural import counted

SWITCHING = 101  # a message on a websocket has no view
REDIRECTS = range(300, 400)
NOT_MODIFIED = 304
MOST_SHARE = 0.01  # of redirects that nobody can attribute, in one lane and not in the other
FAILURE_WORDS = {
    "redirected-before-view": "redirected before the view",
    "sent-to-login": "sent to a login",
}

Report = Mapping[str, Any]
Kind = Mapping[str, Any]


def views(lane: Lane) -> dict[str, int]:
    """Count whole answers by whether a view was called for them.

    `unknown_redirects` are redirects among the `unknown`: successes, for all that is known.
    """
    samples = lane.samples
    answered = (samples["status"] != 0) & (samples["status"] != SWITCHING)
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
    found, counts = np.unique(statuses, return_counts=True)
    return {str(status): int(count) for status, count in zip(found, counts, strict=True)}


def exceptions(kinds: Iterable[Kind], errors: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the exceptions that became an error; one that a middleware made good is none."""
    return [
        dict(one)
        for one in kinds
        if one["type"] is not None and (one["status"] is None or f"http-{one['status']}" in errors)
    ]


def redirects(kinds: Iterable[Kind]) -> list[dict[str, Any]]:
    """Return where redirects led that no view answered, or that may be to a login."""
    return [
        {"status": one["status"], "to": one["where"], "count": one["count"]}
        for one in kinds
        if one["type"] is None
    ]


def redirected_unlike(lane: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether one lane was redirected, the other was not, and nobody knows if a view was called.

    Two lanes that were redirected alike may well have done the same work.
    """
    shares = [
        one["views"]["unknown_redirects"] > MOST_SHARE * one["requests"] for one in (lane, other)
    ]
    return bool(shares[0] != shares[1])


def view_call_warnings(report: Report) -> list[str]:
    """Return what a reader must know of who answered, a sentence each."""
    said = [words for lane in report["lanes"] for words in _of_lane(lane)]
    unseen = [
        lane["lane"]
        for lane in report["lanes"]
        if lane["views"]["unknown"] and not lane["views"]["called"] + lane["views"]["not_called"]
    ]
    if unseen:
        said.append(
            f"{', '.join(unseen)}: whether a view was called is not known, since there is no probe"
            " or no Django in it. A success is whatever was answered below 400."
        )
    return said


def _of_lane(lane: Mapping[str, Any]) -> Iterator[str]:
    name, requests = lane["lane"], lane["requests"]
    if count := sum(lane["skipped"].values()):
        statuses = ", ".join(lane["skipped"])
        yield (
            f"{name}: {count} of {counted(requests, 'request')} were answered without their view"
            f" ({statuses}): by a cache or another middleware, which is what was measured there."
        )
    if count := lane["views"]["unknown_redirects"]:
        yield (
            f"{name}: {count} of {counted(requests, 'request')} were redirected, and whether their"
            " view was called is not known."
        )
    for failure, words in FAILURE_WORDS.items():
        if count := lane["errors"].get(failure, 0):
            yield f"{name}: {count} of {counted(requests, 'request')} were {words}{_to(lane)}."
    yield from (f"{name}: {exception_words(one)}" for one in lane["exceptions"])


def _to(lane: Mapping[str, Any]) -> str:
    """Where the most of them were sent; empty where nobody told."""
    first = next(iter(lane["redirects"]), None)
    return f" ({first['status']} to {first['to']})" if first else ""


def exception_words(one: Kind) -> str:
    """Return an exception as a person reads it: what it made of how many, type, message, place."""
    what = one["type"].rpartition(".")[2]
    quoted = f"{what}: {one['message']}" if one["message"] else what
    where = f" ({one['where']})" if one["where"] else ""
    became = f"answered {one['status']} by" if one["status"] else "ended by"
    return f"{counted(one['count'], 'request')} {became} {quoted}{where}"


def failure_words(errors: Mapping[str, int]) -> str:
    """Return failures by name and number: `3 http-500, 40 redirected before the view`."""
    return ", ".join(f"{count} {FAILURE_WORDS.get(name, name)}" for name, count in errors.items())


def lane_answers(lane: Lane, kinds: Sequence[Kind], errors: Mapping[str, int]) -> dict[str, Any]:
    """Return what a lane's part of the report says of who answered."""
    return {
        "views": views(lane),
        "skipped": skipped(lane),
        "exceptions": exceptions(kinds, errors),
        "redirects": redirects(kinds),
    }
