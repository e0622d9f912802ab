"""How much of a round's metric may be the load generator's own lateness, in the worst case.

While the generator's loop is free, it sends what is due and reads what has arrived at once. So all
of its lateness lies in stretches in which it was busy: those that its heartbeat found, those in
which a request that was due had not been started, and its own work, which is at most the CPU time
that it used. A clock that runs only in these stretches bounds the delay of anything.

A request that is sent later is answered later by at most that, and a server with fewer requests at
a time may answer faster: so a metric is charged in both directions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.wire.frame import UNKNOWN
from dashboard.wire.percentile import nearest_rank
from dashboard.wire.plan.plan import Load
from dashboard.wire.report.verdict import Metric
from dashboard.wire.units import NS_PER_MS, NS_PER_S

from .lane_samples import Floats, Integers, Lane
from .rounds import ByRound, metric_of

Stretches = npt.NDArray[np.int64]  # of shape (n, 2): begin and end
Ends = Mapping[int, tuple[float, float]]  # by round: the metric at its lowest and its highest

_UNITS: Mapping[Metric, float] = {"makespan_s": NS_PER_S, "response_p95_ms": NS_PER_MS}


@dataclass(frozen=True)
class Lateness:
    """The lateness of the load generator in one firing, in nanoseconds since its origin.

    `longest_wait_ns` is the longest wait of a scheduled request (of a rate) that was not held back
    by a full pool of connections; None if nothing was scheduled, or if it is unknown.
    """

    stalls_ns: Sequence[tuple[int, int]]
    cpu_ns: int
    wall_ns: int
    longest_wait_ns: int | None = None


def ends_by_round(
    lane: Lane, load: Load, measured: ByRound, late: Mapping[int, Lateness]
) -> dict[int, tuple[float, float]]:
    """Return the bounds of the deciding metric in each `measured` round, with all lateness charged.

    A round whose lateness is unknown is left out.
    """
    metric = metric_of(load)
    charged = _makespan_ns if metric == "makespan_s" else _response_p95_ns
    ends = {}
    for number in measured:
        if number in late:
            here = lane.samples["round"] == number
            rows = {name: column[here] for name, column in lane.samples.items()}
            rows["ok"] = lane.ok[here]
            low_ns, high_ns = charged(rows, late[number])
            ends[number] = (max(low_ns, 0.0) / _UNITS[metric], high_ns / _UNITS[metric])
    return ends


def _makespan_ns(rows: Mapping[str, Integers], late: Lateness) -> tuple[float, float]:
    """Charge a burst with the whole lateness: whatever waits for a late request is late too."""
    begin, end = int(rows["due"].min()), int(rows["done"].max())
    waited = np.stack([rows["due"], _started(rows)], axis=1)
    charge_ns = float(_Clock(late, waited).between(np.array([begin]), np.array([end]))[0])
    return end - begin - charge_ns, end - begin + charge_ns


def _response_p95_ns(rows: Mapping[str, Integers], late: Lateness) -> tuple[float, float]:
    """Charge each request with its own wait, and with all lateness while it was in flight.

    It is also charged with the longest wait of the requests before it, since the last moment
    without any in flight: they may have arrived all at once, and queued ahead of it.
    """
    due, done, taken = rows["due"], rows["done"], _started(rows)
    waited = np.maximum(taken - due, 0)
    if late.longest_wait_ns is not None:  # any more was spent waiting for a connection
        waited = np.minimum(waited, late.longest_wait_ns)
    inherited = _worst_since_idle(taken, done, waited)
    charge = inherited + _Clock(late).between(np.minimum(taken, done), done)
    lengths, ok = (done - due).astype(np.float64), rows["ok"]
    ends = (np.sort((lengths + sign * charge)[ok]) for sign in (-1, 1))
    low, high = (nearest_rank(column, 95.0) for column in ends)
    return float(low or 0.0), float(high or 0.0)


def _started(rows: Mapping[str, Integers]) -> Integers:
    """Return when each request was started: it connected or was sent; else when it was over."""
    connecting, sent, done = (rows[name] for name in ("connecting", "sent_first", "done"))
    begun = np.where(connecting != UNKNOWN, connecting, sent)
    taken: Integers = np.where(begun != UNKNOWN, begun, done)
    return taken


def _worst_since_idle(taken: Integers, done: Integers, waited: Integers) -> Integers:
    """Return for each request the longest wait of those before it, since none was in flight."""
    order = np.argsort(taken, kind="stable")
    before = np.maximum.accumulate(done[order])
    busy = np.concatenate([[0], np.cumsum(taken[order][1:] > before[:-1])])
    lift = busy * (int(waited.max(initial=0)) + 1)  # resets the maximum where all were done
    worst = np.empty_like(waited)
    worst[order] = np.maximum.accumulate(waited[order] + lift) - lift
    return worst


class _Clock:
    """A clock that runs while the load generator may have been busy.

    In known stretches it runs at full speed; CPU time used beyond them is spread over the rest.
    """

    def __init__(self, late: Lateness, waited: Stretches | None = None) -> None:
        stalls = np.array(late.stalls_ns, dtype=np.int64).reshape(-1, 2)
        stretches = _merged(stalls if waited is None else np.concatenate([stalls, waited]))
        end = max(late.wall_ns, int(stretches.max(initial=0)), 1)
        covered = float((stretches[:, 1] - stretches[:, 0]).sum())
        elsewhere = min(1.0, max(0.0, late.cpu_ns - covered) / max(end - covered, 1.0))
        self._at = np.concatenate([[0], stretches.ravel(), [end]]).astype(np.float64)
        speeds = np.full(len(self._at) - 1, elsewhere)
        speeds[1::2] = 1.0
        self._shown = np.concatenate([[0.0], np.cumsum(np.diff(self._at) * speeds)])

    def between(self, begins: Integers, ends: Integers) -> Floats:
        """Return how long it ran between these instants."""
        shown: Floats = np.interp(ends, self._at, self._shown) - np.interp(
            begins, self._at, self._shown
        )
        return shown


def _merged(stretches: Stretches) -> Stretches:
    """Merge overlapping stretches, in order; drop empty ones and what is before the origin."""
    stretches = np.maximum(stretches, 0)
    stretches = stretches[stretches[:, 1] > stretches[:, 0]]
    if not len(stretches):
        return stretches
    stretches = stretches[np.argsort(stretches[:, 0], kind="stable")]
    until = np.maximum.accumulate(stretches[:, 1])
    first = np.concatenate([[True], stretches[1:, 0] > until[:-1]])
    last = np.concatenate([first[1:], [True]])
    return np.stack([stretches[first, 0], until[last]], axis=1)
