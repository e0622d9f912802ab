"""What the requests of a lane cost at the target: CPU time, context switches, threads, memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dashboard.analysis.samples import resource_use, server_side
from dashboard.analysis.samples.lane_samples import Lane
from dashboard.analysis.samples.resource_use import Amount
from dashboard.wire.units import BYTES_PER_MIB, MS_PER_S

from .config import LaneConfig
from .cpu_share import CpuShare, Window, cpu_share_of


@dataclass(frozen=True)
class Resources:
    """Amounts per request, without the bystander's part, and shares of the CPU. None: unknown."""

    lane: Lane
    config: LaneConfig
    requests: int  # in a whole round
    makespans_s: list[float]

    @cached_property
    def cpu(self) -> Amount | None:
        """CPU time per request, in seconds."""
        return self._per_request(resource_use.cpu_s(self.lane, self.config.bystander_cost))

    @property
    def cpu_s(self) -> float | None:
        """CPU time per request without its uncertainty."""
        return None if self.cpu is None else self.cpu.value

    @property
    def cpu_ms(self) -> float | None:
        """CPU time per request without its uncertainty, in milliseconds."""
        return None if self.cpu is None else MS_PER_S * self.cpu.value

    @cached_property
    def switches(self) -> Amount | None:
        """Context switches per request."""
        return self._per_request(resource_use.switches(self.lane, self.config.bystander_cost))

    @cached_property
    def threads_started(self) -> Amount | None:
        """Python threads started per request."""
        return self._per_request(resource_use.threads(self.lane, self.config.bystander_cost))

    def _per_request(self, amount: Amount | None) -> Amount | None:
        return None if amount is None or not self._asked else amount.times(1 / self._asked)

    @property
    def _asked(self) -> int:
        return server_side.request_count(self.lane)

    @cached_property
    def peak_rss_mb(self) -> float | None:
        """Memory of all processes together, in MiB."""
        peak = server_side.peak_together(self.lane.health, "rss")
        return None if peak is None else peak / BYTES_PER_MIB

    @property
    def usable_cores(self) -> float | None:
        """How many cores it can keep busy: one per process, as Python has its lock."""
        cores = self.config.cores
        return None if cores is None else min(cores, self.config.processes)

    @cached_property
    def cpu_alone(self) -> Amount | None:
        """How long a burst would take if it only waited for its own CPU time, in seconds."""
        if self.cpu is None or not self.usable_cores:
            return None
        return self.cpu.times(self.requests / self.usable_cores)

    @cached_property
    def cpu_shares(self) -> CpuShare | None:
        """How much of the available CPU it used, and what other processes had meanwhile."""
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
        return cpu_share_of(cpu.times(self.requests * firings), cpu.times(self._asked), window)

    @property
    def cpu_share(self) -> float | None:
        """The share that it used of the CPU time that others left it, 0 to 1."""
        return None if self.cpu_shares is None else self.cpu_shares.corrected

    @property
    def least_cpu_share(self) -> float | None:
        """The lower bound of that share, if it and others used as little as is possible."""
        return None if self.cpu_shares is None else self.cpu_shares.least

    @property
    def own_cpu_share(self) -> float | None:
        """The share that it used of all that its cores can do, 0 to 1."""
        return None if self.cpu_shares is None else self.cpu_shares.own

    @property
    def least_own_cpu_share(self) -> float | None:
        """The lower bound of that share, given the uncertainty of the CPU time."""
        return None if self.cpu_shares is None else self.cpu_shares.least_own

    @property
    def taken_by_others(self) -> float | None:
        """The share of its cores that other processes had meanwhile."""
        return None if self.cpu_shares is None else self.cpu_shares.taken
