"""Which cores belong to whom, so that what is measured, what measures and what draws stay apart."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Self

from .launcher import start_spawner_thread

MOST_ENGINES = 4  # a quarter of a million requests a second is more than any target answers


@dataclass(frozen=True)
class Cores:
    """The cores of targets, engine and dashboard; empty where nothing is pinned.

    `idle` says that the dashboard runs only when nobody else on its core wants to.
    """

    targets: tuple[int, ...] = ()
    engine: tuple[int, ...] = ()
    dashboard: tuple[int, ...] = ()
    idle: bool = False

    @classmethod
    def of(cls, available: list[int]) -> Self:
        """Share out the available cores, as docs/method.md says ("Fairness").

        One core: all on it, unpinned. Two or three: targets on the last, the engine on the
        first, the dashboard beside the engine but idle. Four or more: a core each. Eight or more:
        a quarter of them for the engine, which is as many processes then, and at most MOST_ENGINES.
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
        """Share out the cores that this process may use. Call it before `settle_here`."""
        if not hasattr(os, "sched_getaffinity"):
            return cls()
        return cls.of(list(os.sched_getaffinity(0)))

    def settle_here(self) -> None:
        """Take the dashboard's place with the calling thread, and the threads that it begins.

        Children are started by a thread that does not settle, see `launcher`.
        """
        start_spawner_thread()
        if self.dashboard:
            os.sched_setaffinity(0, self.dashboard)
        if self.idle:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
