"""The formulas of predictions, as functions of plain numbers.

⌈N / k⌉ · d is the scheduling bound of N equal jobs on k workers. The terms with the CPU time of a
request are the asymptotic bounds of a closed queueing network (Denning and Buzen 1978): k customers
alternate between a delay d and one resource that takes c for each visit, which can serve no more
than 1 / c per second. The time at that resource is at most k · c, as if all others were served
first (the pessimistic bound of Lazowska et al. 1984, chapter 5). The Universal Scalability Law is
Gunther's (2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

PLUS_MINUS = 0.15  # around a predicted time: what is measured may be so far from it


def burst_of_waits_s(
    requests: int, at_a_time: int, wait_s: float, cpu_s: float = 0.0, cores: float = 1.0
) -> float:
    """Return the total time of N requests that wait d seconds each, k at a time.

    Each of k workers does ⌈N / k⌉ requests, each d + c; the last worker begins when the others
    have had the CPU, (k − 1) · c / cores later. It is never less than d + N · c / cores, since
    the CPU is shared.
    """
    shared_s = cpu_s / cores
    at_a_time = min(at_a_time, requests)
    waves_s = ceil(requests / at_a_time) * (wait_s + cpu_s) + (at_a_time - 1) * shared_s
    return max(waves_s, wait_s + requests * shared_s)


def behind_all_s(in_flight: int, cpu_s: float) -> float:
    """Return the longest that a further request waits for a core that so many others share.

    In first-in, first-out order, as an event loop has it, all of them are ahead of it, each with
    c. A core that is shared fairly, as threads share the GIL, takes as many times as long for the
    request's own c as there are requests: k · c more, if its c is not above theirs.
    """
    return in_flight * cpu_s


@dataclass(frozen=True)
class Scalability:
    """The Universal Scalability Law: X(p) = λ · p / (1 + σ · (p − 1) + κ · p · (p − 1)).

    λ is the throughput of one process, σ the share that is serialised (contention), κ the cost of
    each pair's coherence. With σ and κ of 0 it is linear.
    """

    one_rps: float
    contention: float = 0.0
    coherence: float = 0.0

    def throughput_rps(self, processes: float) -> float:
        """Return the throughput of so many processes, or of so many requests at once."""
        crosstalk = self.coherence * processes * (processes - 1)
        return self.one_rps * processes / (1 + self.contention * (processes - 1) + crosstalk)


def fitted(measured: Mapping[int, float]) -> Scalability:
    """Return the law that fits throughputs by number of processes; at least one is needed.

    One number of processes gives a linear law, the most that is possible; two give σ, as in
    Amdahl's law; three or more both, by least squares of p / X(p) · X(1) − 1 on its two terms.
    """
    counts = sorted(measured)
    one_rps = measured[counts[0]] / counts[0]
    if len(counts) == 1:
        return Scalability(one_rps)
    excess = [count * one_rps / measured[count] - 1 for count in counts[1:]]
    terms = [[count - counts[0], count * (count - 1)] for count in counts[1:]]
    if len(counts) == 2:
        return Scalability(one_rps, max(0.0, excess[0] / terms[0][0]))
    return _least_squares(one_rps, terms, excess)


def _least_squares(
    one_rps: float, terms: Sequence[Sequence[float]], excess: Sequence[float]
) -> Scalability:
    """Return the fit of both parameters, neither of which is below 0."""
    solution, *_ = np.linalg.lstsq(np.array(terms), np.array(excess), rcond=None)
    contention, coherence = (float(value) for value in solution)
    if coherence < 0:
        first = np.array([term[0] for term in terms])
        contention, coherence = float(first @ np.array(excess) / (first @ first)), 0.0
    if contention < 0:
        second = np.array([term[1] for term in terms])
        contention, coherence = 0.0, float(second @ np.array(excess) / (second @ second))
    return Scalability(one_rps, max(0.0, contention), max(0.0, coherence))
