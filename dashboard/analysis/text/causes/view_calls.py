"""Text on failures, and on requests that were answered without their view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dashboard.wire.plural import counted
from dashboard.wire.report.answers import ExceptionKind
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report

FAILURE_WORDS = {
    "redirected-before-view": "redirected before the view",
    "sent-to-login": "sent to a login",
}


def view_call_warnings(report: Report) -> list[str]:
    """Return the sentences about where responses came from."""
    warnings = [warning for lane in report["lanes"] for warning in _of_lane(lane)]
    unknown = [
        lane["lane"]
        for lane in report["lanes"]
        if lane["views"]["unknown"] and not lane["views"]["called"] + lane["views"]["not_called"]
    ]
    if unknown:
        warnings.append(
            f"{', '.join(unknown)}: whether a view was called is not known, since there is no probe"
            " or no Django in it. Any status below 400 counts as a success."
        )
    return warnings


def _of_lane(lane: LaneReport) -> Iterator[str]:
    of = f"of {counted(lane['requests'], 'request')}"
    if count := sum(lane["skipped"].values()):
        statuses = ", ".join(lane["skipped"])
        yield (
            f"{lane['lane']}: {count} {of} were answered without their view ({statuses}), by a"
            " cache or another middleware, which is what was measured there."
        )
    if count := lane["views"]["unknown_redirects"]:
        yield (
            f"{lane['lane']}: {count} {of} were redirected, and whether their view was called is"
            " not known."
        )
    for failure, words in FAILURE_WORDS.items():
        if count := lane["errors"].get(failure, 0):
            yield f"{lane['lane']}: {count} {of} were {words}{_most_frequent_target(lane)}."
    yield from (f"{lane['lane']}: {exception_text(failure)}" for failure in lane["exceptions"])


def _most_frequent_target(lane: LaneReport) -> str:
    """Return the first redirect in brackets; empty if none was reported."""
    redirect = next(iter(lane["redirects"]), None)
    return f" ({redirect['status']} to {redirect['to']})" if redirect else ""


def exception_text(failure: ExceptionKind) -> str:
    """Return "3 requests answered 500 by KeyError: 'id' (views.py:12)"."""
    name = failure["type"].rpartition(".")[2]
    quoted = f"{name}: {failure['message']}" if failure["message"] else name
    where = f" ({failure['where']})" if failure["where"] else ""
    became = f"answered {failure['status']} by" if failure["status"] else "ended by"
    return f"{counted(failure['count'], 'request')} {became} {quoted}{where}"


def failure_text(errors: Mapping[str, int]) -> str:
    """Return failures by number and name: "3 http-500, 40 redirected before the view"."""
    return ", ".join(f"{count} {FAILURE_WORDS.get(name, name)}" for name, count in errors.items())
