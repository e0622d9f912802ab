"""Pieces of advice as values: what all kinds of advice have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboard.wire.report.advice import Advice, AdvicePrediction, AdvisedCause

from .situation import ServerChoice, Subject

# Resident memory of one more thread that has served requests: its stack as far as it was touched,
# and what Python and Django keep for each thread. Used if the run has no two pools to compare.
KIB_PER_THREAD = 100.0
KIB_PER_MIB = 1024


def to_fire(
    cause: AdvisedCause,
    subject: Subject,
    text: str,
    lane: str,
    prediction: AdvicePrediction | None,
    *,
    memory_mb: float | None = None,
    diff: Sequence[str] = (),
    unsafe: str | None = None,
) -> Iterator[Advice]:
    """Yield the advice, unless its lane cannot be fired or nothing can be predicted of it."""
    if prediction is not None and subject.can_fire(lane):
        yield {
            "cause": cause,
            "lane": subject.name,
            "text": text,
            "fires": lane,
            "untested": None,
            "prediction": prediction,
            "memory_mb": memory_mb,
            "diff": list(diff),
            "unsafe": unsafe,
        }


def to_read(
    cause: AdvisedCause,
    subject: Subject,
    text: str,
    untested: str,
    *,
    prediction: AdvicePrediction | None = None,
    diff: Sequence[str] = (),
    unsafe: str | None = None,
) -> Advice:
    """Return advice that no lane can test, for the reason `untested`."""
    return {
        "cause": cause,
        "lane": subject.name,
        "text": text,
        "fires": None,
        "untested": untested,
        "prediction": prediction,
        "memory_mb": None,
        "diff": list(diff),
        "unsafe": unsafe,
    }


def memory_of_threads_mb(subject: Subject, threads: int) -> float:
    """Return the memory of so many more threads, in MiB, by the run's own lanes if they show it."""
    per_thread_kib = _measured_kib_per_thread(subject, subject.server) or KIB_PER_THREAD
    return threads * per_thread_kib / KIB_PER_MIB


def _measured_kib_per_thread(subject: Subject, server: ServerChoice) -> float | None:
    """Return the difference in memory of two lanes over that in threads; None if there are none.

    They have the same variant at the same server, and one has at least twice as many threads.
    """
    points = []
    for lane in subject.situation.report["lanes"]:
        choice = subject.situation.servers.get(lane["server"])
        side = lane["server_side"]
        same = choice and choice.name == server.name and lane["variant"] == subject.variant.name
        if same and side["peak_threads"] and side["peak_rss_mb"]:
            points.append((side["peak_threads"], side["peak_rss_mb"]))
    if len(points) < 2:
        return None
    (few, little_mb), (many, much_mb) = min(points), max(points)
    if many < 2 * few or much_mb <= little_mb:
        return None
    return KIB_PER_MIB * (much_mb - little_mb) / (many - few)


def memory_of_processes_mb(subject: Subject, processes: int) -> float | None:
    """Return the memory of so many processes more; None if that of the present ones is unknown."""
    rss_mb = subject.lane["server_side"]["peak_rss_mb"]
    return None if rss_mb is None else processes * rss_mb / subject.server.processes
