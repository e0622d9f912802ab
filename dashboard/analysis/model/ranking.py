"""Which of a view's candidates are worth firing: the best, then one of another kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from dashboard.wire.experiments.survey import Change

from .view_model import Configuration, Prediction

AS_FAST = 0.05  # a difference in throughput that decides nothing: the cheaper one goes first
# By what it takes: an option of the server, memory for more processes, other code.
COST_ORDER: Mapping[Change, int] = {"threads": 0, "processes": 1, "async": 2}


@dataclass(frozen=True)
class Candidate:
    """Another lane for a view with its prediction; `stand_in` as in `wire.experiments.survey`."""

    change: Change
    lane: str
    configuration: Configuration
    prediction: Prediction
    stand_in: bool = False

    @property
    def kind(self) -> tuple[Change, bool]:
        """What tells two candidates apart other than by a number."""
        return self.change, self.stand_in

    @property
    def size(self) -> int:
        """How many threads or processes it has in all."""
        return self.configuration.processes * (self.configuration.threads or 1)


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates, the fastest first; of those as fast as each other the cheapest."""
    if not candidates:
        return []
    best_rps = max(candidate.prediction.throughput_rps for candidate in candidates)

    def order(candidate: Candidate) -> tuple[int, int, int, str]:
        slower = log(best_rps / candidate.prediction.throughput_rps) / log(1 + AS_FAST)
        return int(slower), COST_ORDER[candidate.change], candidate.size, candidate.lane

    return sorted(candidates, key=order)


def two_best(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates to fire: the best, and the best of another kind, or else the next."""
    if not candidates:
        return []
    best, *rest = ranked(candidates)
    second = next((each for each in rest if each.kind != best.kind), rest[0] if rest else None)
    return [best] if second is None else [best, second]
