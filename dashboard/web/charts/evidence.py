"""A cause's evidence as a small picture: a time series with its limit, or a share of a whole.

All lengths are in the drawing's own units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from dashboard.analysis.text.causes import CAPTIONS
from dashboard.analysis.text.numbers import percent
from dashboard.web.shared.format import format_ms
from dashboard.wire.plural import counted

from .plot_area import PlotArea, polyline

WIDTH, HEIGHT = 160, 40
EDGE = 2  # above and below the highest and the lowest point
AREA = PlotArea.within(WIDTH, HEIGHT, top=EDGE, bottom=EDGE)

Evidence = Mapping[str, Any]


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


Draw = Callable[[str, Evidence], Shape | None]  # from a cause's lane and its evidence


def pictures(report: Mapping[str, Any] | None) -> list[EvidencePicture]:
    """Return a picture for each cause of a report that can be drawn, without duplicates."""
    verdict = report and report["verdict"]
    # The share that each cause explains, by the lane that its lane is compared with.
    shares: dict[EvidencePicture, dict[str, float]] = {}
    for picture, other, share in _pictures(verdict) if verdict else ():
        by_lane = shares.setdefault(picture, {})
        if share is not None:
            by_lane[other] = share
    return [replace(picture, explains=_explains(by_lane)) for picture, by_lane in shares.items()]


def _pictures(verdict: Mapping[str, Any]) -> Iterator[tuple[EvidencePicture, str, float | None]]:
    baseline = verdict["baseline"]
    for comparison in verdict["comparisons"]:
        for cause in comparison["causes"]:
            picture = _picture(cause)
            if picture is not None:
                other = comparison["lane"] if cause["lane"] == baseline else baseline
                yield picture, other, cause["share"]


def _picture(cause: Mapping[str, Any]) -> EvidencePicture | None:
    if cause["name"] not in _DRAWN:
        return None
    shape = _DRAWN[cause["name"]](cause["lane"], cause["evidence"])
    return EvidencePicture(cause["name"], cause["lane"], *shape) if shape else None


def _explains(shares: Mapping[str, float]) -> str:
    """Name the compared lanes only if there is more than one comparison."""
    percents = {other: percent(round(share, 2)) for other, share in shares.items()}
    if len(percents) < 2:
        return "".join(f"explains {share} of the difference" for share in percents.values())
    each = [f"{share} to {other}" for other, share in percents.items()]
    each[0] = each[0].replace(" to ", " of the difference to ", 1)
    return f"explains {', '.join(each[:-1])} and {each[-1]}"


def _over_time(what: str, limit_text: Callable[[float], str]) -> Draw:
    """Draw a time series, its limit as a dashed line. Older reports have no series."""

    def draw(lane: str, evidence: Evidence) -> Shape | None:
        series = evidence.get("course")
        if not series:
            return None
        values, limit = series["values"], series["limit"]
        most = max(values)
        top = max(most, limit or 0) or 1
        text = (
            f"{lane}: {what} during a round of {format_ms(series['last_ms'])}, at most {most:.3g}."
        )
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

    return draw


def _limit(singular: str, plural: str) -> Callable[[float], str]:
    return lambda limit: f"its {counted(limit, singular, plural)}"


def _share(what: str, share_of: Callable[[Evidence], float | None]) -> Draw:
    """Draw a part of a whole as a bar; `what` contains {} for the percentage."""

    def draw(lane: str, evidence: Evidence) -> Shape | None:
        share = share_of(evidence)
        if share is None:
            return None
        share = min(1.0, max(0.0, share))
        text = f"{lane}: {what.format(f'{100 * share:.0f} %')}."
        return Shape(text, share_width=round(share * WIDTH, 1))

    return draw


def _ratio(part: str, whole: str) -> Callable[[Evidence], float | None]:
    def divide(evidence: Evidence) -> float | None:
        over, under = evidence.get(part), evidence.get(whole)
        return None if over is None or not under else float(over / under)

    return divide


def _rest(part: str, whole: str) -> Callable[[Evidence], float | None]:
    """Return the share of the whole that the part leaves."""
    divide = _ratio(part, whole)

    def subtract(evidence: Evidence) -> float | None:
        share = divide(evidence)
        return None if share is None else 1 - share

    return subtract


def _before_the_response(evidence: Evidence) -> float | None:
    if "spread_ms_p50" in evidence:  # older reports have the first byte instead
        return _rest("spread_ms_p50", "last_byte_ms_p50")(evidence)
    return _ratio("first_byte_ms_p50", "last_byte_ms_p50")(evidence)


_DRAWN: Mapping[str, Draw] = {
    "threads-busy": _over_time("requests in the application", _limit("thread", "threads")),
    "one-at-a-time": _over_time("requests in the application", _limit("process", "processes")),
    "loop-blocked": _over_time(
        "milliseconds for which one call held the event loop",
        lambda limit: f"a view takes {format_ms(limit)}",
    ),
    "executor-full": _over_time(
        "requests in the view",
        _limit("thread of the default executor", "threads of the default executor"),
    ),
    "serialised-on-one-thread": _share(
        "running its thread hops in parallel would save {} of the time that one traced request"
        " spent on them in sequence",
        _ratio("lost_ms", "worked_ms"),
    ),
    "cpu-bound": _share(
        "used {} of the CPU available to it", lambda evidence: evidence["cpu_share"]
    ),
    "thread-cost": _share(
        "{} of its CPU time per request is more than the other lane needs",
        _rest("other_cpu_ms_per_request", "cpu_ms_per_request"),
    ),
    "waiting-in-app": _share(
        "{} of the time in the view passed without using the CPU",
        _rest("cpu_ms_per_request", "view_ms_p50"),
    ),
    "not-streaming": _share(
        "{} of the service time passed before the first part of the response arrived",
        _before_the_response,
    ),
}
