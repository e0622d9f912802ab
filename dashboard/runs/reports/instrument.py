"""Whether the load generator or the host disturbed a run.

The limits are those of docs/method.md ("How the load generator is checked"). Pure functions of what
was read around each firing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, cast

from dashboard.analysis.inference.control import MAX_STEAL_PERCENT
from dashboard.analysis.samples.lateness import Lateness
from dashboard.analysis.text.numbers import milliseconds
from dashboard.targets.observe.machine import steal_percent
from dashboard.wire.codec import JsonObject
from dashboard.wire.events import EngineFired
from dashboard.wire.report.report import DiscardReason, Environment
from dashboard.wire.stored.reading import ReadingJson
from dashboard.wire.units import NS_PER_MS

MAX_LOOP_LAG_SHARE = 0.1  # of the smallest p50
MAX_CPU_SHARE = 0.9  # of a core
MAX_SCHEDULING_ERROR_MS = 5.0
LEAST_STOLEN_TICKS = 2  # the kernel counts in ticks: in a short firing a single one means nothing

CpuTimes = tuple[int, int]  # stolen, total; in ticks, as `machine.cpu_times` returns them


@dataclass(frozen=True)
class Reading(JsonObject):
    """What was read of the engine and of the machine around one firing; None if unknown.

    `cpu_before` and `cpu_after` are the kernel's (stolen, total) ticks around it. If several
    engine processes fired, `cpu_ns` is that of all and `busiest_cpu_ns` that of the busiest.
    `stalls_ns` are intervals since the origin in which the engine's loop may have been blocked.
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
    stalls_ns: tuple[tuple[int, int], ...] | None = None
    scheduling_error_max_ns: int | None = None
    overflows: int | None = None  # connections that the target's own full backlog turned away

    @classmethod
    def of(
        cls,
        lane: int,
        round: int,
        fired: EngineFired,
        cpu_before: CpuTimes | None,
        cpu_after: CpuTimes | None,
    ) -> Self:
        """Return the reading of a firing, given the engine's event `fired`."""
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
            stalls_ns=_pairs(fired.get("stalls_ns")),
            scheduling_error_max_ns=fired.get("scheduling_error_max_ns"),
        )

    def to_json(self) -> ReadingJson:
        """Return the reading as it is stored with its run."""
        return cast(ReadingJson, super().to_json())

    def with_target(
        self, before: tuple[float, float] | None, after: tuple[float, float] | None
    ) -> Self:
        """Return the reading with the `machine.busy_times` of the target's cores around it."""
        if before is None or after is None:
            return self
        busy_s, all_s = after[0] - before[0], after[1] - before[1]
        return replace(self, target_busy_s=busy_s, target_s=all_s)

    @property
    def cpu_share(self) -> float | None:
        """Share of a core that the engine used; the busiest of several processes."""
        cpu_ns = self.cpu_ns if self.busiest_cpu_ns is None else self.busiest_cpu_ns
        if cpu_ns is None or not self.wall_ns:
            return None
        return cpu_ns / self.wall_ns

    @property
    def lateness(self) -> Lateness | None:
        """When the engine's loop may have been blocked; None if the engine did not report it."""
        if self.stalls_ns is None or self.wall_ns is None or self.cpu_ns is None:
            return None
        return Lateness(self.stalls_ns, self.cpu_ns, self.wall_ns, self.scheduling_error_max_ns)

    @property
    def loop_lag_ms(self) -> float | None:
        """Lateness of the engine's event loop, p99."""
        return _ms(self.loop_lag_p99_ns)

    @property
    def scheduling_error_ms(self) -> float | None:
        """Lateness of requests that no other request held back, p99."""
        return _ms(self.scheduling_error_p99_ns)

    @property
    def steal_percent(self) -> float | None:
        """Share of the machine's CPU time that the host gave to other guests."""
        return steal_percent(self.cpu_before, self.cpu_after)

    @property
    def stolen(self) -> bool:
        """True if so much was stolen that the round is to be repeated."""
        if self.cpu_before is None or self.cpu_after is None:
            return False
        ticks = self.cpu_after[0] - self.cpu_before[0]
        return ticks >= LEAST_STOLEN_TICKS and (self.steal_percent or 0) > MAX_STEAL_PERCENT


@dataclass(frozen=True)
class _Limit:
    """A value of a reading, and the most that does not disturb a run; either may be unknown.

    `most` is given the smallest p50 of the firing's round, in milliseconds. `words` has the fields
    `value`, `most`, `value_ms`, `most_ms` and `place`.
    """

    value: Callable[[Reading], float | None]
    most: Callable[[float | None], float | None]
    words: str

    def exceeded(
        self, reading: Reading, smallest_p50_ms: float | None
    ) -> tuple[float, float] | None:
        """Return the value and the limit if it was exceeded."""
        value, most = self.value(reading), self.most(smallest_p50_ms)
        return None if value is None or most is None or value <= most else (value, most)


_LIMITS = (
    _Limit(
        lambda reading: reading.loop_lag_ms,
        lambda p50_ms: None if p50_ms is None else MAX_LOOP_LAG_SHARE * p50_ms,
        "ran {value_ms} late (p99) at {place}; above {most_ms}, a tenth of the fastest lane's"
        " median, the result is disturbed",
    ),
    _Limit(
        lambda reading: reading.cpu_share,
        lambda _: MAX_CPU_SHARE,
        "used {value:.0%} of its core at {place}; above {most:.0%} the result is disturbed",
    ),
    _Limit(
        lambda reading: reading.scheduling_error_ms,
        lambda _: MAX_SCHEDULING_ERROR_MS,
        "sent requests {value_ms} late (p99) at {place}; above {most_ms} the result is disturbed",
    ),
)


def is_late(reading: Reading, smallest_p50_ms: float | None) -> bool:
    """Return True if the engine was so late in this firing that the round is to be repeated.

    `smallest_p50_ms` is the fastest lane's median response time in that round, None if unknown.
    """
    return any(limit.exceeded(reading, smallest_p50_ms) for limit in _LIMITS)


def saturation(
    readings: Sequence[Reading], names: Sequence[str], p50s_ms: Mapping[int, float | None]
) -> list[str]:
    """Return a warning that the load generator disturbed the run; empty if it did not.

    It names the worst firing for each limit that was exceeded. `names` are those of the lanes, by
    position; `p50s_ms` has by round what `is_late` is given.
    """
    worst = [_worst(limit, readings, names, p50s_ms) for limit in _LIMITS]
    sentences = ". It ".join(filter(None, worst))
    return [f"The load generator {sentences}."] if sentences else []


def saturated_at(
    readings: Sequence[Reading], names: Sequence[str], p50s_ms: Mapping[int, float | None]
) -> list[str]:
    """Return the lanes at which the load generator exceeded a limit, in their order."""
    late = {reading.lane for reading in readings if is_late(reading, p50s_ms.get(reading.round))}
    return [name for position, name in enumerate(names) if position in late]


def _worst(
    limit: _Limit,
    readings: Sequence[Reading],
    names: Sequence[str],
    p50s_ms: Mapping[int, float | None],
) -> str:
    """Return the words for the worst firing beyond a limit; empty if none is."""
    checked = [(limit.exceeded(item, p50s_ms.get(item.round)), item) for item in readings]
    beyond = [(*values, item) for values, item in checked if values]
    if not beyond:
        return ""
    value, most, reading = max(beyond, key=lambda item: item[0])
    return limit.words.format(
        value=value,
        most=most,
        value_ms=milliseconds(value),
        most_ms=milliseconds(most),
        place=f"{names[reading.lane]}, round {reading.round}",
    )


def why_discarded(readings: Sequence[Reading]) -> DiscardReason:
    """Return why a round with these readings is repeated.

    Stolen time also explains a late engine, so it comes first.
    """
    return "stolen" if any(reading.stolen for reading in readings) else "late"


def total_steal_percent(readings: Sequence[Reading]) -> float | None:
    """Return the stolen share of CPU time over all these firings; None if unknown."""
    pairs = [(reading.cpu_before, reading.cpu_after) for reading in readings]
    complete_pairs = [(before, after) for before, after in pairs if before and after]
    stolen = sum(after[0] - before[0] for before, after in complete_pairs)
    total = sum(after[1] - before[1] for before, after in complete_pairs)
    return 100 * stolen / total if total else None


def busy_machine_warning(environment: Environment) -> list[str]:
    """Return a warning if other work wanted more than all cores before the run; else nothing."""
    average, cpus = environment.get("load_average"), environment.get("cpus")
    if not average or not cpus or average[0] <= cpus:
        return []
    return [f"The machine was busy before the run: load average {average[0]:.1f} on {cpus} CPUs."]


def _pairs(stalls: Sequence[Sequence[int]] | None) -> tuple[tuple[int, int], ...] | None:
    return None if stalls is None else tuple((begin, end) for begin, end in stalls)


def _ms(value_ns: int | None) -> float | None:
    return None if value_ns is None else value_ns / NS_PER_MS
