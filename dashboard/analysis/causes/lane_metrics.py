"""What was seen of a lane in its whole rounds: the quantities that causes are read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.analysis.samples import resource_use, stats
from dashboard.analysis.samples.lane_samples import Integers, Lane
from dashboard.analysis.samples.lateness import Lateness, ends_by_round
from dashboard.analysis.samples.loop_holds import LoopHold, loop_holds
from dashboard.analysis.samples.resource_use import Amount
from dashboard.analysis.samples.rounds import by_round, metric_of
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.lane_report import MedianAndP95
from dashboard.wire.plan import Load
from dashboard.wire.units import BYTES_PER_MIB, NS_PER_MS, NS_PER_S
from dashboard.wire.verdict_report import Metric

from .cpu_share import CpuShare, Window, cpu_share_of
from .lane_config import LaneConfig

Mask = npt.NDArray[np.bool_]
Segments = Mapping[str, float]


@dataclass(frozen=True)
class Pieces:
    """How the answers of a lane arrived, at the median: 0 where they came in one piece.

    `spread_ms` is the longest that all pieces of one can have taken: gaps times the longest gap.
    """

    longest_gap_ms: float
    spread_ms: float


@dataclass(frozen=True)
class LaneMetrics:
    """One lane with its facts. What nobody measured is None, lengths are seconds.

    "View" means the whole application where the probe knows no view.
    """

    name: str
    lane: Lane
    config: LaneConfig
    load: Load
    late: Mapping[int, Lateness] = field(default_factory=dict)  # the engine's, by round

    @property
    def metric(self) -> Metric:
        """What decides for this load."""
        return metric_of(self.load)

    @cached_property
    def _counted(self) -> Mask:
        whole = stats.whole_rounds(self.lane, self.load.requests)
        counted: Mask = np.isin(self.lane.samples["round"], whole) & self.lane.ok
        return counted

    def _between(self, begin: str, end: str, among: Mask | None = None) -> Integers | None:
        """Lengths in ns of the counted samples that know both stamps; None: there are none."""
        chosen = self._counted if among is None else self._counted & among
        starts, ends = self.lane.samples[begin][chosen], self.lane.samples[end][chosen]
        both = (starts != UNKNOWN) & (ends != UNKNOWN)
        return np.maximum(ends[both] - starts[both], 0) if both.any() else None

    @cached_property
    def makespans_s(self) -> list[float]:
        """Last done - first due of each whole round; of a rate as well."""
        return stats.makespans_s(self.lane, self.load.requests)

    @cached_property
    def by_round(self) -> dict[int, float]:
        """The deciding metric of each whole round, by the round's number."""
        return by_round(self.lane, self.load)

    @cached_property
    def ends_by_round(self) -> dict[int, tuple[float, float]]:
        """The same between the ends that it has when all of the engine's lateness is charged."""
        return ends_by_round(self.lane, self.load, self.by_round, self.late)

    @cached_property
    def _view_ends(self) -> tuple[str, str]:
        known = self._between("view_entered", "view_left") is not None
        return ("view_entered", "view_left") if known else ("entered", "first_byte")

    @cached_property
    def view_s(self) -> float | None:
        """The mean time in the view."""
        return _mean_s(self._between(*self._view_ends))

    @cached_property
    def view_p50_ms(self) -> float | None:
        """The median time in the view."""
        return _p50_ms(self._between(*self._view_ends))

    @cached_property
    def in_view(self) -> float | None:
        """How many requests were in the view at a time, on average over the makespan.

        By Little's law: the sum of all times in the view over the time that it took.
        """
        return self._at_a_time(self._between(*self._view_ends))

    @cached_property
    def in_app_while_waiting(self) -> float | None:
        """How many were in the application, on average over the time when others still waited.

        That is from the first request that was sent to the last that entered.
        """
        inside_ns = waiting_ns = 0
        for number in stats.whole_rounds(self.lane, self.load.requests):
            here = self._counted & (self.lane.samples["round"] == number)
            here &= self.lane.samples["entered"] != UNKNOWN
            if here.any():
                sent, entered, left = (
                    self.lane.samples[name][here] for name in ("sent", "entered", "first_byte")
                )
                inside_ns += int((np.minimum(left, entered.max()) - entered).sum())
                waiting_ns += int(entered.max() - sent.min())
        return inside_ns / waiting_ns if waiting_ns > 0 else None

    def _at_a_time(self, lengths_ns: Integers | None) -> float | None:
        if lengths_ns is None or not self.makespans_s:
            return None
        return float(lengths_ns.sum()) / NS_PER_S / sum(self.makespans_s)

    @cached_property
    def server_s(self) -> float | None:
        """The mean wait in the server, before the application."""
        return _mean_s(self._between("sent", "entered"))

    @cached_property
    def server_ms(self) -> MedianAndP95:
        """p50 and p95 of the wait in the server, before the application."""
        lengths_ns = self._between("sent", "entered")
        return stats.median_and_p95_ms(np.empty(0, np.int64) if lengths_ns is None else lengths_ns)

    def waited_ms(self, limit: int) -> float | None:
        """The median wait in the server of all but the first `limit` of each round."""
        sent, entered = self.lane.samples["sent"], self.lane.samples["entered"]
        waits: list[Integers] = []
        for number in stats.whole_rounds(self.lane, self.load.requests):
            here = self._counted & (self.lane.samples["round"] == number) & (entered != UNKNOWN)
            waits.append(np.sort(np.maximum(entered[here] - sent[here], 0))[limit:])
        return _p50_ms(np.concatenate(waits)) if waits else None

    @cached_property
    def peak_in_app(self) -> int | None:
        """The most in the application at once, in the busiest process."""
        return max(stats.peak_by_process(self.lane.health, "peak_in_app"), default=None)

    @cached_property
    def peak_in_view(self) -> int | None:
        """The most in the view at once, in the busiest process."""
        return max(stats.peak_by_process(self.lane.health, "peak_in_view"), default=None)

    @cached_property
    def peak_of_all(self) -> int | None:
        """The most in the view, in all processes together; of the application without a view."""
        for name in ("peak_in_view", "peak_in_app"):
            peak = stats.peak_together(self.lane.health, name)
            if peak is not None:
                return peak
        return None

    @cached_property
    def loop_held_ms(self) -> float | None:
        """The longest time for which one thing held the event loop.

        The heartbeat's lag stands in where nobody measured it: it also counts those in line.
        """
        side = stats.server_side(self.lane)
        held: float | None = side["loop_held_ms_max"]
        late: float | None = side["loop_lag_ms_max"]
        return late if held is None else held

    @cached_property
    def held(self) -> Mapping[str, LoopHold]:
        """Who held the loop, by holder; empty where the probe did not say."""
        return loop_holds(self.lane)

    def held_ms_each(self, holder: str) -> float:
        """How long the holder held the loop, for each request."""
        return 1000 * self.held[holder].sum_s / self._asked if self._asked else 0.0

    @cached_property
    def view_max_ms(self) -> float | None:
        """The longest time in the view."""
        lengths_ns = self._between(*self._view_ends)
        return None if lengths_ns is None else float(lengths_ns.max()) / NS_PER_MS

    @cached_property
    def all_views_s(self) -> float:
        """The time of all views together, in the rounds that count."""
        lengths_ns = self._between(*self._view_ends)
        return 0.0 if lengths_ns is None else float(lengths_ns.sum()) / NS_PER_S

    @cached_property
    def cpu(self) -> Amount | None:
        """The target's CPU time for each request that it was asked, in seconds."""
        return self._each(resource_use.cpu_s(self.lane, self.config.neighbour_cost))

    @property
    def cpu_s(self) -> float | None:
        """The same without its uncertainty."""
        return None if self.cpu is None else self.cpu.value

    @cached_property
    def switches(self) -> Amount | None:
        """Context switches for each request."""
        return self._each(resource_use.switches(self.lane, self.config.neighbour_cost))

    @cached_property
    def threads_started(self) -> Amount | None:
        """Python threads started for each request."""
        return self._each(resource_use.threads(self.lane, self.config.neighbour_cost))

    def _each(self, amount: Amount | None) -> Amount | None:
        return None if amount is None or not self._asked else amount.times(1 / self._asked)

    @property
    def _asked(self) -> int:
        return stats.asked(self.lane)

    @cached_property
    def peak_rss_mb(self) -> float | None:
        """Memory, all processes together."""
        peak = stats.peak_together(self.lane.health, "rss")
        return None if peak is None else peak / BYTES_PER_MIB

    @property
    def usable_cores(self) -> float | None:
        """How many cores it can keep busy: one for each process, for Python has its lock."""
        cores = self.config.cores
        return None if cores is None else min(cores, self.config.processes)

    @cached_property
    def cpu_shares(self) -> CpuShare | None:
        """How much of the CPU that it could have it used, and what others had meanwhile."""
        cores, usable, cpu = self.config.cores, self.usable_cores, self.cpu
        if cpu is None or not cores or not usable or not self.makespans_s:
            return None
        firings = len(self.makespans_s)
        window = Window(
            firings=firings,
            wall_s=sum(self.makespans_s),
            usable_cores=usable,
            cores=cores,
            busy_s=self.config.busy_s,
            cores_s=self.config.cores_s,
        )
        return cpu_share_of(cpu.times(self.load.requests * firings), cpu.times(self._asked), window)

    @property
    def cpu_share(self) -> float | None:
        """How much it used of the CPU that others left it, 0 to 1."""
        return None if self.cpu_shares is None else self.cpu_shares.corrected

    @property
    def least_cpu_share(self) -> float | None:
        """The same if it used as little, and others as little, as can be."""
        return None if self.cpu_shares is None else self.cpu_shares.least

    @property
    def own_cpu_share(self) -> float | None:
        """How much it used of all that its cores can do, 0 to 1."""
        return None if self.cpu_shares is None else self.cpu_shares.own

    @property
    def taken(self) -> float | None:
        """The share of its cores that others had meanwhile; None: nobody can say."""
        return None if self.cpu_shares is None else self.cpu_shares.taken

    @cached_property
    def first_byte_ms(self) -> float | None:
        """The median time to the first byte."""
        return _p50_ms(self._between("sent_first", "first_byte"))

    @cached_property
    def service_s(self) -> float | None:
        """The mean service time, which is known without a probe too."""
        return _mean_s(self._between("sent_first", "done"))

    @cached_property
    def whole_ms(self) -> float | None:
        """The median time to the last byte, which is the service time."""
        return _p50_ms(self._between("sent_first", "done"))

    @cached_property
    def after_first_byte(self) -> Mapping[str, float] | None:
        """Which share of its service time an answer came after its first byte: p10 and p50."""
        stamps = [self.lane.samples[name] for name in ("sent_first", "first_byte", "done")]
        known = self._counted & (stamps[0] != UNKNOWN) & (stamps[1] != UNKNOWN)
        begun, first, done = (one[known] for one in stamps)
        if not begun.size:
            return None
        p10, p50 = np.percentile((done - first) / np.maximum(1, done - begun), (10, 50))
        return {"p10": float(p10), "p50": float(p50)}

    @cached_property
    def pieces(self) -> Pieces | None:
        """How its answers arrived in pieces; None where that was not watched."""
        chunks, gaps = self.lane.chunks["chunks"], self.lane.chunks["longest_gap"]
        if not gaps.size:
            return None
        known = np.where(gaps == UNKNOWN, 0, gaps)
        return Pieces(
            longest_gap_ms=float(np.median(known)) / NS_PER_MS,
            spread_ms=float(np.median(known * np.maximum(chunks.astype(np.int64) - 1, 0)))
            / NS_PER_MS,
        )

    @cached_property
    def tail_s(self) -> Segments:
        """The mean of each segment over the slowest twentieth of the requests.

        It is what p95 of the response time consists of. Segments that nobody knows are left out.
        """
        lengths = self.lane.samples["done"] - self.lane.samples["due"]
        if not self._counted.any():
            return {}
        slow = lengths >= np.percentile(lengths[self._counted], 95)
        means = {
            name: _mean_s(self._between(begin, end, slow))
            for name, (begin, end) in stats.SEGMENTS.items()
        }
        return {name: mean for name, mean in means.items() if mean is not None}

    @cached_property
    def price(self) -> dict[str, Any]:
        """What it cost, for evidence."""
        cpu_ms = None if self.cpu is None else self.cpu.times(1000)
        return {
            **_priced("cpu_ms_per_request", cpu_ms),
            **_priced("switches_per_request", self.switches),
            **_priced("threads_started_per_request", self.threads_started),
            "peak_rss_mb": self.peak_rss_mb,
        }


def _priced(name: str, amount: Amount | None) -> dict[str, float | None]:
    """The amount by its name, and its uncertainty where it has one."""
    if amount is None or not amount.uncertainty:
        return {name: None if amount is None else amount.value}
    return {name: amount.value, f"{name}_uncertainty": amount.known_uncertainty}


def _mean_s(lengths_ns: Integers | None) -> float | None:
    return None if lengths_ns is None else float(lengths_ns.mean()) / NS_PER_S


def _p50_ms(lengths_ns: Integers | None) -> float | None:
    return None if lengths_ns is None else stats.median_ms(lengths_ns)
