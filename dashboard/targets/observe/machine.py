"""What the kernel counted for the whole machine, to be read before and after a firing."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_times(stat: Path = Path("/proc/stat")) -> tuple[int, int] | None:
    """Return (stolen, total) ticks of all CPUs since the machine started; None if unknown.

    Stolen is what the host gave to other machines. Guest time is part of user time already.
    """
    try:
        first = stat.read_text().splitlines()[0].split()
    except OSError:
        return None
    ticks = [int(value) for value in first[1:9]]  # user nice system idle iowait irq softirq steal
    return ticks[7], sum(ticks)


def busy_times(
    cores: Collection[int], stat: Path = Path("/proc/stat")
) -> tuple[float, float] | None:
    """Return (busy, all) seconds of these cores since the machine started; None if unknown.

    Busy is whatever was not idle, stolen time included.
    """
    names = {f"cpu{core}" for core in cores}
    try:
        lines = [line.split() for line in stat.read_text().splitlines()]
    except OSError:
        return None
    ticks = [[int(value) for value in line[1:9]] for line in lines if line[0] in names]
    if not ticks:
        return None
    idle = sum(core[3] + core[4] for core in ticks)  # waiting for a disk is idle
    total = sum(map(sum, ticks))
    return (total - idle) / _TICKS_PER_S, total / _TICKS_PER_S


def steal_percent(before: tuple[int, int] | None, after: tuple[int, int] | None) -> float | None:
    """Return the share of CPU time that was stolen between two `cpu_times`, in percent."""
    if before is None or after is None or after[1] <= before[1]:
        return None
    return 100 * (after[0] - before[0]) / (after[1] - before[1])
