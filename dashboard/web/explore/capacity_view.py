"""The configurations of a capacity as the table shows them."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.analysis.text.capacity import (
    KNEES,
    computed_rate,
    fired_rate,
    limits_text,
    name_of,
    rates_text,
    two_digits,
)
from dashboard.web.shared.format import format_ms, format_number
from dashboard.wire.experiments.capacity import CandidateReport, CapacityAnswer, TriedRate

RESULTS = {True: "held", False: "not held", None: "undecided"}


@dataclass(frozen=True)
class TriedView:
    """One rate of a configuration."""

    rate: str
    run: str
    result: str
    p95: str


@dataclass(frozen=True)
class CandidateView:
    """A configuration that was fired."""

    name: str
    state: str
    best: bool
    predicted: str
    rates: str
    memory: str
    cores: str
    knee: str
    tried: list[TriedView]


def load_words(answer: CapacityAnswer) -> str:
    """Return what is to be held, and how it is fired."""
    fired = f"{answer.rounds} rounds of {answer.duration_s:g} s at each rate, Poisson arrivals"
    return f"{limits_text(answer)}. {fired}"


def candidate_views(answer: CapacityAnswer) -> list[CandidateView]:
    """Return a row for each configuration, the cheaper ones of a lane first."""
    return [_candidate(each, best=each.lane == answer.best) for each in answer.candidates]


def _candidate(candidate: CandidateReport, *, best: bool) -> CandidateView:
    cores = candidate.cores
    return CandidateView(
        name=name_of(candidate),
        state=candidate.state,
        best=best,
        predicted=computed_rate(candidate.predicted_rps),
        rates=rates_text(candidate) if candidate.tried else "",
        memory=format_number(candidate.memory_mb, "{:,.0f} MiB"),
        cores="–" if cores is None else f"{two_digits(cores):g}",
        knee=KNEES[candidate.knee].removeprefix("the knee is ") if candidate.knee else "–",
        tried=[_tried(each) for each in candidate.tried],
    )


def _tried(tried: TriedRate) -> TriedView:
    # A p95 that is too long is beside it already.
    reason = "" if tried.held is False and tried.why.startswith("p95") else tried.why
    result = ", ".join(filter(None, [RESULTS[tried.held], reason]))
    return TriedView(fired_rate(tried.rate_rps), tried.run, result, format_ms(tried.p95_ms))
