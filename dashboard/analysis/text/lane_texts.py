"""What a lane cost, its theoretical total time, and why it took longer than that."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from dashboard.analysis.text.causes.short_causes import short_cause
from dashboard.wire.plural import counted
from dashboard.wire.report.causes import CauseReport
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report
from dashboard.wire.report.target_facts import TargetFacts
from dashboard.wire.report.verdict import VerdictReport
from dashboard.wire.units import MS_PER_S

from .numbers import in_one_unit, milliseconds, seconds_of, significant

UNKNOWN = "–"
MISSES_BY = 2.0  # times the theoretical total time, from which on a reason is given
MOST_OF_IT = 0.5  # of the total time: CPU time beyond it is the reason


def total_time(lane: LaneReport) -> str:
    """Return the median of a lane's total times; UNKNOWN for a rate and without a whole round."""
    return seconds_of(median(lane["makespan_s"])) if lane["makespan_s"] else UNKNOWN


def price(lane: LaneReport) -> str:
    """Return what a lane cost: threads, memory and connections at their peak, CPU per request."""
    side = lane["server_side"]
    threads, rss_mib = side["peak_threads"], side["peak_rss_mb"]
    cpu_ms, connections = side["cpu_ms_per_request"], connections_text(lane.get("target"))
    parts = [
        None if threads is None else counted(threads, "thread"),
        None if rss_mib is None else f"{significant(rss_mib, 3)} MiB",
        None if cpu_ms is None else f"{milliseconds(cpu_ms)} of CPU per request",
        f"{connections} database connections" if connections else None,
    ]
    return ", ".join(part for part in parts if part) or "unknown"


def connections_text(target: TargetFacts | None) -> str:
    """Return how many database connections were open at once: *12*, of a pool *4 of 4*.

    Of several databases, that with most of them; empty if none was used.
    """
    connections = target.get("connections", []) if target else []
    if not connections:
        return ""
    facts = max(connections, key=lambda facts: facts["open_max"])
    pool = facts["pool"]
    return f"{facts['open_max']:,}" + (f" of {pool['limit']:,}" if pool else "")


def theory_text(lane: LaneReport) -> str:
    """Return the lane's theoretical total times; empty if there is no theory for it."""
    theory = lane["theory"]
    if not theory:
        return ""
    words = f"{seconds_of(theory['promised_s'])} with {theory['promised_k']} at a time"
    seen_k, seen_s = theory["seen_k"], theory["seen_s"]
    if seen_k is not None and seen_s is not None and seen_k != theory["promised_k"]:
        words += f", {seconds_of(seen_s)} with the {seen_k} observed"
    return words


def theory_misses(report: Report) -> Iterator[str]:
    """Yield why a lane took far longer than the waiting alone, such as 6.4 s and not 0.1 s."""
    for lane in report["lanes"]:
        theory, times_s = lane.get("theory"), lane["makespan_s"]
        if not theory or not times_s or median(times_s) < MISSES_BY * theory["promised_s"]:
            continue
        took, waiting = in_one_unit(median(times_s), theory["promised_s"])
        words = f"{lane['lane']} took {took} where waiting alone takes {waiting}"
        yield f"{words}: {_why_it_misses(report, lane, median(times_s))}."


def _why_it_misses(report: Report, lane: LaneReport, took_s: float) -> str:
    causes = _causes_of(report["verdict"], lane["lane"])
    names = [other["lane"] for other in report["lanes"]]
    if words := next(filter(None, (short_cause(cause, names) for cause in causes)), ""):
        return words
    cpu_s, theory = _cpu_s(report, lane), lane["theory"]
    cpu_text = f"its requests cost {in_one_unit(took_s, cpu_s)[1]} of CPU time"
    if cpu_s >= MOST_OF_IT * took_s:
        return cpu_text
    if theory and theory["seen_k"] and theory["seen_k"] < theory["promised_k"]:
        return f"it had at most {counted(theory['seen_k'], 'request')} in the view at once"
    return f"{cpu_text}, and the rest is not explained" if cpu_s else "the reason is unknown"


def _cpu_s(report: Report, lane: LaneReport) -> float:
    """Return the CPU time of a burst's requests; 0 if it is unknown."""
    cpu_ms, load = lane["server_side"]["cpu_ms_per_request"], report["load"]
    return cpu_ms * load["requests"] / MS_PER_S if cpu_ms and load["kind"] == "burst" else 0.0


def _causes_of(verdict: VerdictReport | None, lane: str) -> list[CauseReport]:
    """Return the causes found in a lane."""
    comparisons = verdict["comparisons"] if verdict else []
    return [cause for each in comparisons for cause in each["causes"] if cause["lane"] == lane]
