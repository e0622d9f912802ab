"""The sentence of a capacity: what holds the rate, how much it holds, at which price, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dashboard.wire.experiments.capacity import CandidateReport, CapacityAnswer, Knee
from dashboard.wire.plural import counted

from .numbers import milliseconds, percent, significant

KNEES: Mapping[Knee, str] = {
    "cpu": "the knee is the CPU",
    "threads": "the knee is the threads",
    "waiting": "the knee is what the view waits for",
    "memory": "the knee is the memory",
    "errors": "the knee is the failures",
    "alone": "a request alone takes longer",
}
VARIED = ("processes=", "threads=")


def capacity_sentence(answer: CapacityAnswer) -> CapacityAnswer:
    """Return the answer with its sentence; empty before anything is known."""
    return replace(answer, sentence=" ".join(_sentences(answer)))


def _sentences(answer: CapacityAnswer) -> Iterator[str]:
    best, largest = answer.candidate(answer.best), answer.candidate(answer.largest)
    if best:
        yield f"{holds_text(answer, best)}."
        yield from _cheaper(answer, best)
    elif largest:
        yield f"No configuration that was fired holds {fired_rate(answer.rate_rps)}."
        yield f"The largest, {holds_text(answer, largest)}."
    shown = best or largest
    if shown:
        yield from _per_core(answer, shown)


def holds_text(answer: CapacityAnswer, candidate: CandidateReport) -> str:
    """Return *gunicorn-gthread, 2 × 16 threads: holds 412 to 430/s at p95 ≤ 200 ms, 310 MiB, …*."""
    parts = [
        f"{name_of(candidate)}: {rates_text(candidate)} at p95 ≤ {milliseconds(answer.p95_ms)}",
        "" if candidate.memory_mb is None else f"{significant(candidate.memory_mb, 3)} MiB",
        "" if candidate.cores is None else counted(two_digits(candidate.cores), "core"),
    ]
    text = ", ".join(filter(None, parts))
    return f"{text}; {KNEES[candidate.knee]}" if candidate.knee else text


def name_of(candidate: CandidateReport) -> str:
    """Return *sync@gunicorn-gthread, 2 × 16 threads* or *async@uvicorn, 2 processes*."""
    lane = _without_size(candidate.lane)
    if candidate.threads is None:
        return f"{lane}, {counted(candidate.processes, 'process', 'processes')}"
    return f"{lane}, {candidate.processes} × {counted(candidate.threads, 'thread')}"


def rates_text(candidate: CandidateReport) -> str:
    """Return *holds 412 to 430/s*; with one end *holds 412/s or more*, *does not hold 20/s*."""
    low, high = candidate.low_rps, candidate.high_rps
    if low is None:
        return "is undecided" if high is None else f"does not hold {fired_rate(high)}"
    if high is None:
        return f"holds {fired_rate(low)} or more"
    return f"holds {low:g} to {fired_rate(high)}"


def fired_rate(rate_rps: float) -> str:
    """Return a rate with all digits that it was fired with, so that none is rounded up."""
    return f"{rate_rps:g}/s"


def computed_rate(rate_rps: float) -> str:
    """Return a rate that was computed from others, with three digits."""
    return f"{significant(rate_rps, 3)}/s"


def limits_text(answer: CapacityAnswer) -> str:
    """Return *300/s at p95 ≤ 200 ms, at most 0.1 % failed, 2048 MiB*."""
    parts = [
        f"{fired_rate(answer.rate_rps)} at p95 ≤ {milliseconds(answer.p95_ms)}",
        f"at most {percent(answer.error_share)} failed" if answer.error_share else "none failed",
        "" if answer.memory_mb is None else f"{significant(answer.memory_mb, 4)} MiB",
    ]
    return ", ".join(filter(None, parts))


def _cheaper(answer: CapacityAnswer, best: CandidateReport) -> Iterator[str]:
    """Yield the most expensive cheaper configuration of the same lane, which does not hold it."""
    lane = _without_size(best.lane)
    before = answer.candidates[: answer.candidates.index(best)]
    same = [each for each in before if _without_size(each.lane) == lane]
    if same and same[-1].state in ("fails", "undecided") and same[-1].why:
        rate = fired_rate(answer.rate_rps)
        yield f"{name_of(same[-1])} does not hold {rate}: {same[-1].why}."


def _per_core(answer: CapacityAnswer, candidate: CandidateReport) -> Iterator[str]:
    """Yield the rates of one core and of the machine.

    What the configuration used less than was not measured, and is called extrapolated.
    """
    if not candidate.low_rps or not candidate.cores:
        return
    measured = candidate.cores >= 1
    rate = computed_rate(candidate.low_rps / candidate.cores)
    text = f"Per core{'' if measured else ', extrapolated'}: {rate}"
    if answer.extrapolated:
        cores = counted(answer.extrapolated.cores, "core")
        text += f"; {cores}, extrapolated: {computed_rate(answer.extrapolated.rate_rps)}"
    yield f"{text}."


def two_digits(cores: float) -> float:
    """Return a number of cores as it is shown: 1.4, 0.41, 12."""
    return float(significant(cores, 2))


def _without_size(lane: str) -> str:
    """Return a lane without its processes and threads, and with its other settings."""
    name, _, settings = lane.partition(":")
    others = [each for each in settings.split(",") if each and not each.startswith(VARIED)]
    return f"{name}:{','.join(others)}" if others else name
