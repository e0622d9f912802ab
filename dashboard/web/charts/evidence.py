"""A cause's evidence as a little picture: a course next to its limit, or a share of a whole.

All lengths are in the drawing's own units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dashboard.analysis.text.causes import CAPTIONS
from dashboard.analysis.text.numbers import milliseconds, percent
from dashboard.wire.plural import counted

WIDTH, HEIGHT = 160, 40
EDGE = 2  # above and below the highest and the lowest point

Evidence = Mapping[str, Any]


@dataclass(frozen=True)
class Picture:
    """One picture. `text` says in words what it shows, with the numbers.

    A course has `points`, and `limit_y` where there is a limit; a share has `share_width`.
    `explains` is how much of the difference the cause explains, in words; empty where nobody
    can say.
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
        """The cause by its caption: *All threads busy*."""
        return CAPTIONS.get(self.cause, self.cause)


Draw = Callable[[str, str, Evidence], Picture | None]  # of a cause's name, its lane, its evidence


def pictures(report: Mapping[str, Any] | None) -> list[Picture]:
    """A picture for each cause of a report that has something to show, each once."""
    verdict = report and report["verdict"]
    found: dict[Picture, dict[str, float]] = {}  # with the shares, by the lane it was compared with
    for picture, other, share in _pictures(verdict) if verdict else ():
        shares = found.setdefault(picture, {})
        if share is not None:
            shares[other] = share
    return [replace(picture, explains=_explains(shares)) for picture, shares in found.items()]


def _pictures(verdict: Mapping[str, Any]) -> Iterator[tuple[Picture, str, float | None]]:
    for comparison in verdict["comparisons"]:
        for cause in comparison["causes"]:
            draw = _DRAWN.get(cause["name"])
            picture = draw(cause["name"], cause["lane"], cause["evidence"]) if draw else None
            if picture is not None:
                baseline = verdict["baseline"]
                other = comparison["lane"] if cause["lane"] == baseline else baseline
                yield picture, other, cause["share"]


def _explains(shares: Mapping[str, float]) -> str:
    """Of one comparison nobody asks which it is."""
    words = {other: percent(round(share, 2)) for other, share in shares.items()}
    if len(words) < 2:
        return "".join(f"explains {share} of the difference" for share in words.values())
    (first, its), *others = words.items()
    each = [f"{its} of the difference next to {first}"]
    each += [f"{share} next to {other}" for other, share in others]
    return f"explains {', '.join(each[:-1])} and {each[-1]}"


def _over_time(what: str, limit_words: Callable[[float], str]) -> Draw:
    """A course with its limit as a dashed line. Runs from before courses were kept have none."""

    def draw(cause: str, lane: str, evidence: Evidence) -> Picture | None:
        course = evidence.get("course")
        if not course:
            return None
        values, limit = course["values"], course["limit"]
        most = max(values)
        top = max(most, limit or 0) or 1
        text = (
            f"{lane}: {what} over a round of {milliseconds(course['last_ms'])}, {most:.3g} at most."
        )
        if limit is not None:
            text += f" Dashed: {limit_words(limit)}."
        return Picture(
            cause,
            lane,
            text,
            points=" ".join(
                f"{number * WIDTH / (len(values) - 1):.1f},{_y(value, top):.1f}"
                for number, value in enumerate(values)
            ),
            limit_y=None if limit is None else round(_y(limit, top), 1),
        )

    return draw


def _of(one: str, several: str) -> Callable[[float], str]:
    return lambda limit: f"its {counted(limit, one, several)}"


def _y(value: float, top: float) -> float:
    return HEIGHT - EDGE - value / top * (HEIGHT - 2 * EDGE)


def _share(what: str, part: Callable[[Evidence], float | None]) -> Draw:
    """A part of a whole as a bar; `what` has it as {}."""

    def draw(cause: str, lane: str, evidence: Evidence) -> Picture | None:
        share = part(evidence)
        if share is None:
            return None
        share = min(1.0, max(0.0, share))
        text = f"{lane}: {what.format(f'{100 * share:.0f} %')}."
        return Picture(cause, lane, text, share_width=round(share * WIDTH, 1))

    return draw


def _ratio(part: str, whole: str) -> Callable[[Evidence], float | None]:
    def divide(evidence: Evidence) -> float | None:
        over, under = evidence.get(part), evidence.get(whole)
        return None if over is None or not under else float(over / under)

    return divide


def _rest(part: str, whole: str) -> Callable[[Evidence], float | None]:
    """What the part leaves of the whole."""
    divide = _ratio(part, whole)

    def subtract(evidence: Evidence) -> float | None:
        share = divide(evidence)
        return None if share is None else 1 - share

    return subtract


def _before_the_answer(evidence: Evidence) -> float | None:
    if "spread_ms_p50" in evidence:  # else its first byte said it
        return _rest("spread_ms_p50", "last_byte_ms_p50")(evidence)
    return _ratio("first_byte_ms_p50", "last_byte_ms_p50")(evidence)


_DRAWN: Mapping[str, Draw] = {
    "threads-busy": _over_time("requests in the application", _of("thread", "threads")),
    "one-at-a-time": _over_time("requests in the application", _of("process", "processes")),
    "loop-blocked": _over_time(
        "for how many ms one thing held the event loop,",
        lambda limit: f"a view takes {milliseconds(limit)}",
    ),
    "executor-full": _over_time(
        "requests in the view",
        _of("thread of the default executor", "threads of the default executor"),
    ),
    "serialised-on-one-thread": _share(
        "{} of the time that hops of one traced request took in line would be saved side by side",
        _ratio("lost_ms", "worked_ms"),
    ),
    "cpu-bound": _share(
        "it used {} of the CPU that it could have", lambda evidence: evidence["cpu_share"]
    ),
    "thread-cost": _share(
        "{} of its CPU time for a request is more than the other lane needs",
        _rest("other_cpu_ms_per_request", "cpu_ms_per_request"),
    ),
    "waiting-in-app": _share(
        "{} of the time in the view passed without using the CPU",
        _rest("cpu_ms_per_request", "view_ms_p50"),
    ),
    "not-streaming": _share(
        "{} of the service time was over before the first piece of the answer came",
        _before_the_answer,
    ),
}
