"""A cause's evidence as a small picture: a time series with its limit, or a share of a whole.

All lengths are in the drawing's own units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from dashboard.analysis.text.causes.causes import CAPTIONS
from dashboard.analysis.text.numbers import percent
from dashboard.web.shared.format import format_ms
from dashboard.wire.plural import counted
from dashboard.wire.report.causes import CauseReport
from dashboard.wire.report.evidence import (
    Course,
    SerialisedEvidence,
    StreamingEvidence,
    ThreadCostEvidence,
    WaitingEvidence,
)
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import VerdictReport

from .plot_area import PlotArea, polyline

WIDTH, HEIGHT = 160, 40
EDGE = 2  # above and below the highest and the lowest point
AREA = PlotArea.within(WIDTH, HEIGHT, top=EDGE, bottom=EDGE)


@dataclass(frozen=True)
class EvidencePicture:
    """One picture. `text` describes it in words, with the numbers.

    A time series has `points`, and `limit_y` if there is a limit; a share has `share_width`.
    `explains` is the share of the difference that the cause explains; empty if unknown.
    """

    cause: str
    lane: str
    text: str
    points: str = ""
    limit_y: float | None = None
    share_width: float | None = None
    explains: str = ""
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def caption(self) -> str:
        """The cause's caption, such as *All threads busy*."""
        return CAPTIONS.get(self.cause, self.cause)


class Shape(NamedTuple):
    """What is particular to one picture."""

    text: str
    points: str = ""
    limit_y: float | None = None
    share_width: float | None = None


def pictures(report: Report | None) -> list[EvidencePicture]:
    """Return a picture for each cause of a report that can be drawn, without duplicates."""
    verdict = report["verdict"] if report else None
    # The share that each cause explains, by the lane that its lane is compared with.
    shares: dict[EvidencePicture, dict[str, float]] = {}
    for picture, other, share in _pictures(verdict) if verdict else ():
        by_lane = shares.setdefault(picture, {})
        if share is not None:
            by_lane[other] = share
    return [replace(picture, explains=_explains(by_lane)) for picture, by_lane in shares.items()]


def _pictures(verdict: VerdictReport) -> Iterator[tuple[EvidencePicture, str, float | None]]:
    baseline = verdict["baseline"]
    for comparison in verdict["comparisons"]:
        for cause in comparison["causes"]:
            picture = _picture(cause)
            if picture is not None:
                other = comparison["lane"] if cause["lane"] == baseline else baseline
                yield picture, other, cause["share"]


def _picture(cause: CauseReport) -> EvidencePicture | None:
    if cause["lane"] is None:
        return None
    shape = _series_of(cause) or _share_of(cause)
    return EvidencePicture(cause["name"], cause["lane"], *shape) if shape else None


def _explains(shares: Mapping[str, float]) -> str:
    """Name the compared lanes only if there is more than one comparison."""
    percents = {other: percent(round(share, 2)) for other, share in shares.items()}
    if len(percents) < 2:
        return "".join(f"explains {share} of the difference" for share in percents.values())
    each = [f"{share} to {other}" for other, share in percents.items()]
    each[0] = each[0].replace(" to ", " of the difference to ", 1)
    return f"explains {', '.join(each[:-1])} and {each[-1]}"


def _series_of(cause: CauseReport) -> Shape | None:
    """Return the time series of a cause; None for other causes. Older reports have none."""
    match cause["name"]:
        case "threads-busy":
            what, limit_text = "requests in the application", _limit("thread", "threads")
        case "one-at-a-time":
            what, limit_text = "requests in the application", _limit("process", "processes")
        case "loop-blocked":
            what, limit_text = "milliseconds for which one call held the event loop", _view_takes
        case "executor-full":
            what, limit_text = "requests in the view", _limit(*_EXECUTOR_THREADS)
        case "waiting-for-connection" | "connections-leak":
            what, limit_text = "open database connections", _pool
        case _:
            return None
    course = cause["evidence"].get("course")
    return _over_time(f"{cause['lane']}: {what}", course, limit_text) if course else None


def _share_of(cause: CauseReport) -> Shape | None:
    """Return the share that a cause is about; None for other causes, and if it is unknown."""
    match cause["name"]:
        case "serialised-on-one-thread":
            what, share = _SAVED, _lost(cause["evidence"])
        case "cpu-bound":
            what, share = "used {} of the CPU available to it", cause["evidence"]["cpu_share"]
        case "thread-cost":
            what, share = _MORE_CPU, _more_cpu(cause["evidence"])
        case "waiting-in-app":
            what, share = _IDLE, _idle(cause["evidence"])
        case "not-streaming":
            what, share = _BUFFERED, _before_the_response(cause["evidence"])
        case _:
            return None
    return None if share is None else _bar(cause["lane"], what, share)


_EXECUTOR_THREADS = ("thread of the default executor", "threads of the default executor")
# {} is the percentage.
_SAVED = (
    "running its thread hops in parallel would save {} of the time that one traced request"
    " spent on them in sequence"
)
_MORE_CPU = "{} of its CPU time per request is more than the other lane needs"
_IDLE = "{} of the time in the view passed without using the CPU"
_BUFFERED = "{} of the service time passed before the first part of the response arrived"


def _over_time(what: str, course: Course, limit_text: Callable[[float], str]) -> Shape:
    """Draw a time series, its limit as a dashed line."""
    values, limit = course["values"], course["limit"]
    most = max(values)
    top = max(most, limit or 0) or 1
    text = f"{what} during a round of {format_ms(course['last_ms'])}, at most {most:.3g}."
    if limit is not None:
        text += f" Dashed: {limit_text(limit)}."
    return Shape(
        text,
        points=polyline(
            (AREA.x(number / (len(values) - 1)), AREA.y(value / top))
            for number, value in enumerate(values)
        ),
        limit_y=None if limit is None else round(AREA.y(limit / top), 1),
    )


def _limit(singular: str, plural: str) -> Callable[[float], str]:
    return lambda limit: f"its {counted(limit, singular, plural)}"


def _pool(limit: float) -> str:
    return f"its pool of {counted(limit, 'connection')}"


def _view_takes(limit_ms: float) -> str:
    return f"a view takes {format_ms(limit_ms)}"


def _bar(lane: str | None, what: str, share: float) -> Shape:
    """Draw a part of a whole as a bar; `what` contains {} for the percentage."""
    share = min(1.0, max(0.0, share))
    text = f"{lane}: {what.format(f'{100 * share:.0f} %')}."
    return Shape(text, share_width=round(share * WIDTH, 1))


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _rest(part: float | None, whole: float | None) -> float | None:
    """Return the share of the whole that the part leaves."""
    share = _ratio(part, whole)
    return None if share is None else 1 - share


def _lost(evidence: SerialisedEvidence) -> float | None:
    if "queued" in evidence:
        return None
    return _ratio(evidence["lost_ms"], evidence["worked_ms"])


def _more_cpu(evidence: ThreadCostEvidence) -> float | None:
    return _rest(evidence["other_cpu_ms_per_request"], evidence["cpu_ms_per_request"])


def _idle(evidence: WaitingEvidence) -> float | None:
    return _rest(evidence["cpu_ms_per_request"], evidence["view_ms_p50"])


def _before_the_response(evidence: StreamingEvidence) -> float | None:
    if "spread_ms_p50" in evidence:  # older reports have the first byte instead
        return _rest(evidence["spread_ms_p50"], evidence["last_byte_ms_p50"])
    return _ratio(evidence["first_byte_ms_p50"], evidence["last_byte_ms_p50"])
