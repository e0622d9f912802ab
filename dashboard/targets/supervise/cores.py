"""How cores are shared out, so that target, load generator and dashboard do not compete."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Self

from .launcher import start_spawner_thread

MOST_ENGINES = 4  # a quarter of a million requests a second is more than any target answers


@dataclass(frozen=True)
class Cores:
    """The cores of targets, engine and dashboard; empty where nothing is pinned.

    `idle`: the dashboard is SCHED_IDLE and runs only while its core has nothing else to do.
    """

    targets: tuple[int, ...] = ()
    engine: tuple[int, ...] = ()
    dashboard: tuple[int, ...] = ()
    idle: bool = False

    @classmethod
    def of(cls, available: list[int]) -> Self:
        """Share out the available cores as docs/method.md describes ("Fairness").

        One core: everything runs on it, unpinned. Two or three: targets on the last, the engine on
        the first, the dashboard on the engine's core as SCHED_IDLE. Four or more: a core each.
        Eight or more: a quarter of them, at most MOST_ENGINES, for one engine process each.
        """
        cores = tuple(sorted(available))
        match cores:
            case [] | [_]:
                return cls()
            case [first, *_, last] if len(available) < 4:
                return cls((last,), (first,), (first,), idle=True)
        engines = min(max(len(cores) // 4, 1), MOST_ENGINES)
        return cls(cores[-1:], cores[:engines], cores[engines : engines + 1])

    @classmethod
    def here(cls) -> Self:
        """Share out the cores that this process may use. To be called before `settle_here`."""
        if not hasattr(os, "sched_getaffinity"):
            return cls()
        return cls.of(list(os.sched_getaffinity(0)))

    def settle_here(self) -> None:
        """Move the calling thread, and threads started by it, to the dashboard's cores.

        Children are started by a thread that is not moved, see `launcher`.
        """
        start_spawner_thread()
        if self.dashboard:
            os.sched_setaffinity(0, self.dashboard)
        if self.idle:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
