"""Whether the instrument could have spoiled a run: saturation and stolen time.

The limits are those of docs/method.md ("The instrument watches itself"). Pure functions of
what was read at each firing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from dashboard.analysis.numbers import milliseconds
from dashboard.targets.kernel import steal_percent

MAX_LOOP_LAG_SHARE = 0.1  # of the smallest p50
MAX_CPU_SHARE = 0.9  # of a core
MAX_SCHEDULING_ERROR_MS = 5.0
MAX_STEAL_PERCENT = 2.0
LEAST_STOLEN_TICKS = 2  # the kernel counts in ticks, so a single one says nothing of a short firing
NS_PER_MS = 1e6

CpuTimes = tuple[int, int]  # stolen, total; in ticks, as `targets.kernel.cpu_times` says


@dataclass(frozen=True)
class Reading:
    """What was seen of the engine and of the machine in one firing; None: nobody could say.

    `cpu_before` and `cpu_after` are the kernel's (stolen, total) ticks around it. Where several
    engine processes fired, `cpu_ns` is that of all and `busiest_cpu_ns` that of the busiest.
    `target_busy_s` of the `target_s` seconds of the target's cores were not idle.
    """

    lane: int
    round: int
    wall_ns: int | None = None
    cpu_ns: int | None = None
    loop_lag_p99_ns: int | None = None
    scheduling_error_p99_ns: int | None = None
    cpu_before: CpuTimes | None = None
    cpu_after: CpuTimes | None = None
    engines: int = 1
    busiest_cpu_ns: int | None = None
    target_busy_s: float | None = None
    target_s: float | None = None
    overflows: int | None = None  # connections that the target's own full backlog turned away

    @classmethod
    def of(
        cls,
        lane: int,
        round: int,
        fired: Mapping[str, Any],
        cpu_before: CpuTimes | None,
        cpu_after: CpuTimes | None,
    ) -> Self:
        """From the engine's event `fired`, where an older engine leaves something out."""
        return cls(
            lane=lane,
            round=round,
            wall_ns=fired.get("wall_ns"),
            cpu_ns=fired.get("cpu_ns"),
            loop_lag_p99_ns=fired.get("loop_lag_p99_ns"),
            scheduling_error_p99_ns=fired.get("scheduling_error_p99_ns"),
            cpu_before=cpu_before,
            cpu_after=cpu_after,
            engines=fired.get("engines", 1),
            busiest_cpu_ns=fired.get("busiest_cpu_ns"),
        )

    def with_target(
        self, before: tuple[float, float] | None, after: tuple[float, float] | None
    ) -> Self:
        """The same with what `targets.kernel.busy_times` said of the target's cores around it."""
        if before is None or after is None:
            return self
        busy_s, all_s = after[0] - before[0], after[1] - before[1]
        return replace(self, target_busy_s=busy_s, target_s=all_s)

    @property
    def cpu_share(self) -> float | None:
        """How much of a core the engine used; of several processes, the busiest."""
        cpu_ns = self.cpu_ns if self.busiest_cpu_ns is None else self.busiest_cpu_ns
        if cpu_ns is None or not self.wall_ns:
            return None
        return cpu_ns / self.wall_ns

    @property
    def loop_lag_ms(self) -> float | None:
        """How late the engine's event loop was, p99."""
        return _ms(self.loop_lag_p99_ns)

    @property
    def scheduling_error_ms(self) -> float | None:
        """How late requests were sent that nothing held back, p99."""
        return _ms(self.scheduling_error_p99_ns)

    @property
    def steal_percent(self) -> float | None:
        """The share of the machine's CPU time that the host gave to somebody else."""
        return steal_percent(self.cpu_before, self.cpu_after)

    @property
    def stolen(self) -> bool:
        """Whether so much was stolen that the round is to be repeated."""
        if self.cpu_before is None or self.cpu_after is None:
            return False
        ticks = self.cpu_after[0] - self.cpu_before[0]
        return ticks >= LEAST_STOLEN_TICKS and (self.steal_percent or 0) > MAX_STEAL_PERCENT

    def to_json(self) -> dict[str, Any]:
        """A JSON object from which `from_json` makes an equal reading."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        times = {name: data[name] and tuple(data[name]) for name in ("cpu_before", "cpu_after")}
        return cls(**{**data, **times})


@dataclass(frozen=True)
class _Limit:
    """Up to `most` the engine had room; None: nobody can say where it ends."""

    value: Callable[[Reading], float | None]
    most: float | None
    words: str


def saturation(
    readings: Sequence[Reading], names: Sequence[str], smallest_p50_ms: float | None
) -> list[str]:
    """A warning that the engine itself may be in the numbers; empty: it had room.

    It names the worst firing for each limit that was crossed. `names` are the lanes', by
    position; `smallest_p50_ms` is that of the fastest lane's response time, None where it is
    not known.
    """
    lag_ms = None if smallest_p50_ms is None else MAX_LOOP_LAG_SHARE * smallest_p50_ms
    limits = (
        _Limit(
            lambda one: one.loop_lag_ms,
            lag_ms,
            "its event loop was {found_ms} late (p99), where {most_ms} would be a tenth of the"
            " fastest lane's median",
        ),
        _Limit(
            lambda one: one.cpu_share,
            MAX_CPU_SHARE,
            "it used {found:.0%} of its core, where {most:.0%} is the limit",
        ),
        _Limit(
            lambda one: one.scheduling_error_ms,
            MAX_SCHEDULING_ERROR_MS,
            "requests left {found_ms} late (p99), where {most_ms} is the limit",
        ),
    )
    said = "; ".join(filter(None, (_beyond(limit, readings, names) for limit in limits)))
    return [f"The engine was at its limit: {said}."] if said else []


def _beyond(limit: _Limit, readings: Sequence[Reading], names: Sequence[str]) -> str:
    """The words for the worst firing beyond a limit; empty when none is."""
    known = [(found, one) for one in readings if (found := limit.value(one)) is not None]
    found, worst = max(known, key=lambda pair: pair[0], default=(0.0, None))
    if limit.most is None or worst is None or found <= limit.most:
        return ""
    words = limit.words.format(
        found=found,
        most=limit.most,
        found_ms=milliseconds(found),
        most_ms=milliseconds(limit.most),
    )
    return f"at {names[worst.lane]}, round {worst.round}, {words}"


def total_steal_percent(readings: Sequence[Reading]) -> float | None:
    """The stolen share over all these firings together."""
    pairs = [(one.cpu_before, one.cpu_after) for one in readings]
    known = [(before, after) for before, after in pairs if before and after]
    stolen = sum(after[0] - before[0] for before, after in known)
    total = sum(after[1] - before[1] for before, after in known)
    return 100 * stolen / total if total else None


def busy_before(environment: Mapping[str, Any]) -> list[str]:
    """A warning where other work wanted more than all cores before the run; else nothing."""
    average, cpus = environment.get("load_average"), environment.get("cpus")
    if not average or not cpus or average[0] <= cpus:
        return []
    return [
        f"Other work was going on: the load average before was {average[0]:.1f} on {cpus} CPUs."
    ]


def _ms(value_ns: int | None) -> float | None:
    return None if value_ns is None else value_ns / NS_PER_MS
