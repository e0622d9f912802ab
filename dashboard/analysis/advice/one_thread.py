"""Advice where sync work queued for one thread."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from dashboard.analysis.model.formulas import burst_of_waits_s
from dashboard.analysis.text.numbers import milliseconds
from dashboard.wire.plan.load import Burst
from dashboard.wire.plural import counted
from dashboard.wire.report.advice import Advice, AdvicePrediction
from dashboard.wire.report.evidence import SerialisedEvidence
from dashboard.wire.report.target_facts import Serialised
from dashboard.wire.units import MS_PER_S

from .pieces import to_fire, to_read
from .predictions import WORTHWHILE, around
from .situation import Subject

# The threads of asyncio's default executor: min(32, CPUs + 4), where nothing has measured it.
MOST_EXECUTOR_THREADS, MORE_THAN_CPUS = 32, 4
SUFFIX = "-threads"  # of a variant that is the same with thread_sensitive=False
UNSAFE = (
    "Not for code that relies on one thread per request: queries in a transaction (each thread has"
    " a connection of its own), thread-locals, SQLite in memory, libraries that are not"
    " thread-safe."
)
DIFF = (
    "-await sync_to_async(function)(…)",
    "+await sync_to_async(function, thread_sensitive=False)(…)",
)
TEXT = "Let sync calls that are independent of each other run on threads of their own"


def serialised(subject: Subject, evidence: SerialisedEvidence) -> Iterator[Advice]:
    """Yield the variant with `thread_sensitive=False`, else the change to make."""
    hops: Serialised | None = None if "queued" in evidence else evidence
    twin = subject.situation.variants.get(subject.variant.name + SUFFIX)
    prediction = _side_by_side(subject, hops) if hops else None
    if twin is not None:
        text = f"{TEXT}, as {twin.name} does (thread_sensitive=False)."
        lane = subject.at(subject.server, twin.name)
        pieces = to_fire(
            "serialised-on-one-thread", subject, text, lane, prediction, diff=DIFF, unsafe=UNSAFE
        )
        yield from pieces
        return
    yield to_read(
        "serialised-on-one-thread",
        subject,
        f"{TEXT} (thread_sensitive=False).",
        "the scenario has no variant that does so",
        prediction=prediction,
        diff=DIFF,
        unsafe=UNSAFE,
    )


def _side_by_side(subject: Subject, hops: Serialised) -> AdvicePrediction | None:
    """Return the total time if the hops of all requests share the default executor instead.

    By the X-ray: one request then takes as long as its longest hop, as long as there are threads.
    With more hops than threads they queue for these: ⌈N · hops / threads⌉ · their mean length.
    """
    load = subject.situation.load
    if not isinstance(load, Burst) or subject.total_s is None or not hops["hops"]:
        return None
    threads = _executor_threads(subject)
    mean_s = hops["worked_ms"] / hops["hops"] / MS_PER_S
    together = load.concurrency * hops["hops"]
    if together <= threads:
        waves = ceil(load.requests / load.concurrency)
        predicted_s = waves * (hops["longest_ms"] / MS_PER_S + subject.cpu_s)
        formula = f"{waves} · {milliseconds(hops['longest_ms'])}, the longest hop"
    else:
        calls = load.requests * hops["hops"]
        predicted_s = burst_of_waits_s(calls, threads, mean_s, subject.cpu_s / hops["hops"])
        formula = (
            f"⌈{calls}/{threads}⌉ · {milliseconds(mean_s * MS_PER_S)}: hops on"
            f" {counted(threads, 'thread')} of the default executor"
        )
    if predicted_s > WORTHWHILE * subject.total_s:
        return None
    return around("makespan_s", predicted_s, formula)


def _executor_threads(subject: Subject) -> int:
    """Return the limit of the default executor, as a probe read it, else by the CPUs."""
    for lane in subject.situation.report["lanes"]:
        executor = (lane["target"] or {}).get("executor")
        if executor and not executor.get("shared"):
            return executor["limit"] * subject.server.processes
    cpus = subject.situation.report["environment"].get("cpus") or 1
    return min(MOST_EXECUTOR_THREADS, cpus + MORE_THAN_CPUS) * subject.server.processes
