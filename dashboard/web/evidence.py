"""A cause's evidence as a little picture: a course next to its limit, or a share of a whole.

All lengths are in the drawing's own units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 160, 40
EDGE = 2  # above and below the highest and the lowest point

Evidence = Mapping[str, Any]


@dataclass(frozen=True)
class Picture:
    """One picture. `text` says in words what it shows, with the numbers.

    A course has `points`, and `limit_y` where there is a limit; a share has `share_width`.
    """

    cause: str
    lane: str
    text: str
    points: str = ""
    limit_y: float | None = None
    share_width: float | None = None
    width: int = WIDTH
    height: int = HEIGHT


def pictures(report: Mapping[str, Any] | None) -> list[Picture]:
    """A picture for each cause of a report that has something to show, each once."""
    verdict = report and report["verdict"]
    return list(dict.fromkeys(_pictures(verdict))) if verdict else []


def _pictures(verdict: Mapping[str, Any]) -> Iterator[Picture]:
    for comparison in verdict["comparisons"]:
        for cause in comparison["causes"]:
            draw = _DRAWN.get(cause["name"])
            picture = draw(cause["name"], cause["lane"], cause["evidence"]) if draw else None
            if picture is not None:
                yield picture


def _over_time(what: str, limit_words: str) -> Callable[[str, str, Evidence], Picture | None]:
    """A course with its limit as a dashed line. Runs from before courses were kept have none."""

    def draw(cause: str, lane: str, evidence: Evidence) -> Picture | None:
        course = evidence.get("course")
        if not course:
            return None
        values, limit = course["values"], course["limit"]
        most = max(values)
        top = max(most, limit or 0) or 1
        # The cause's own sentence has the peak: drawn from the client's stamps, one that leaves
        # and one that comes may overlap for a moment.
        text = f"{lane}: {what} over {course['last_ms']:.0f} ms of a round"
        if limit is not None:
            text += f"; {limit_words} {limit:.3g}"
        return Picture(
            cause,
            lane,
            f"{text}.",
            points=" ".join(
                f"{number * WIDTH / (len(values) - 1):.1f},{_y(value, top):.1f}"
                for number, value in enumerate(values)
            ),
            limit_y=None if limit is None else round(_y(limit, top), 1),
        )

    return draw


def _y(value: float, top: float) -> float:
    return HEIGHT - EDGE - value / top * (HEIGHT - 2 * EDGE)


def _share(
    what: str, part: Callable[[Evidence], float | None]
) -> Callable[[str, str, Evidence], Picture | None]:
    """A part of a whole as a bar."""

    def draw(cause: str, lane: str, evidence: Evidence) -> Picture | None:
        share = part(evidence)
        if share is None:
            return None
        share = min(1.0, max(0.0, share))
        text = f"{lane}: {100 * share:.0f} % {what}."
        return Picture(cause, lane, text, share_width=round(share * WIDTH, 1))

    return draw


def _ratio(part: str, whole: str) -> Callable[[Evidence], float | None]:
    def divide(evidence: Evidence) -> float | None:
        over, under = evidence.get(part), evidence.get(whole)
        return None if over is None or not under else float(over / under)

    return divide


def _waited(evidence: Evidence) -> float | None:
    worked = _ratio("cpu_ms_per_request", "view_ms_p50")(evidence)
    return None if worked is None else 1 - worked


_DRAWN: Mapping[str, Callable[[str, str, Evidence], Picture | None]] = {
    "threads-busy": _over_time("requests in the application", "its threads are"),
    "one-at-a-time": _over_time("requests in the application", "its processes are"),
    "loop-blocked": _over_time("ms for which one thing held the loop", "a view takes"),
    "executor-full": _over_time("requests in the view", "the executor's threads are"),
    "serialised-on-one-thread": _share(
        "of the work of its hops was lost in line", _ratio("lost_ms", "worked_ms")
    ),
    "cpu-bound": _share("of the CPU that it could have", lambda evidence: evidence["cpu_share"]),
    "thread-cost": _share(
        "of its CPU time a request was spent by the other lane as well",
        _ratio("other_cpu_ms_per_request", "cpu_ms_per_request"),
    ),
    "waiting-in-app": _share("of the time in the view went without CPU", _waited),
    "not-streaming": _share(
        "of the service time was over at the first byte",
        _ratio("first_byte_ms_p50", "last_byte_ms_p50"),
    ),
}
