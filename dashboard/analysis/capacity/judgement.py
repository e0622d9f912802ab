"""Whether a rate was held: by the limits, round by round."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.analysis.text.numbers import milliseconds, percent, significant
from dashboard.wire.report.lanes import LaneReport


@dataclass(frozen=True)
class Limits:
    """What is to be held at `rate_rps`.

    The p95 of the response time, the share of failures, and the memory of all processes in MiB,
    None without a limit.
    """

    rate_rps: float
    p95_ms: float
    error_share: float
    memory_mb: float | None = None


@dataclass(frozen=True)
class Judgement:
    """`held` is None if some rounds held and others did not; `why` is what was not held."""

    held: bool | None
    why: str = ""


def judged(lane: LaneReport, limits: Limits) -> Judgement:
    """Return whether a lane held the limits at the rate of its run.

    Errors, the backlog and the memory are those of all rounds, the p95 decides in each.
    """
    failed = failed_share(lane)
    if failed > limits.error_share:
        return Judgement(held=False, why=f"{percent(failed)} of the requests failed")
    rate = lane["rate"]
    if rate and rate["keeps_up"] is False:
        return Judgement(held=False, why="its backlog grew")
    memory_mb = lane["server_side"]["peak_rss_mb"]
    if limits.memory_mb is not None and memory_mb is not None and memory_mb > limits.memory_mb:
        return Judgement(held=False, why=f"it used {significant(memory_mb, 3)} MiB")
    return _by_round(lane["response_p95_ms"], limits.p95_ms)


def failed_share(lane: LaneReport) -> float:
    """Return the share of a lane's requests that failed; 1 without any request."""
    requests = lane["requests"]
    return (requests - lane["ok"]) / requests if requests else 1.0


def _by_round(p95s_ms: list[float], limit_ms: float) -> Judgement:
    if not p95s_ms:
        return Judgement(held=None, why="no round has enough requests for a p95")
    above = [p95_ms for p95_ms in p95s_ms if p95_ms > limit_ms]
    if not above:
        return Judgement(held=True)
    highest = f"p95 {milliseconds(max(above))}"
    if len(above) == len(p95s_ms):
        return Judgement(held=False, why=highest)
    return Judgement(held=None, why=f"{highest} in {len(above)} of {len(p95s_ms)} rounds")
