"""Find what made a lane slower: the causes of docs/method.md, each with its evidence.

A cause is named if its evidence is there *and* what it acts on explains at least a tenth of the
gap; causes are ranked by the share that they explain. Finding none is a legitimate answer.
"""

from __future__ import annotations

from collections.abc import Callable

from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.wire.report.causes import CauseReport, GapCause

from .attribution import Gap
from .buffering import buffering_causes
from .connection_causes import connection_leaks, waiting_for_connection
from .cpu_causes import cpu_bound, thread_cost
from .loop_causes import loop_blocked
from .queue_causes import executor_full, one_at_a_time, serialised_on_one_thread, threads_busy
from .waiting_cause import waiting_in_app

LEAST_SHARE = 0.1  # of the gap; what explains less is not named

_FINDERS: tuple[Callable[[Gap], GapCause | None], ...] = (
    threads_busy,
    one_at_a_time,
    loop_blocked,
    serialised_on_one_thread,
    executor_full,
    thread_cost,  # before cpu_bound, of which it is a case: with equal shares it is more specific
    cpu_bound,
    waiting_for_connection,
    waiting_in_app,
)


def find_causes(slow: LaneMetrics, fast: LaneMetrics) -> list[CauseReport]:
    """Return every cause of the gap between two lanes, the one that explains most first."""
    gap = Gap(slow, fast)
    causes = [cause for find in _FINDERS if (cause := find(gap)) is not None]
    causes = [cause for cause in causes if (cause["share"] or 0) >= LEAST_SHARE]
    causes.sort(key=lambda cause: -(cause["share"] or 0))
    return [*causes, *find_side_effects(slow, fast)]


def find_side_effects(first: LaneMetrics, second: LaneMetrics) -> list[CauseReport]:
    """Return what is worth knowing of two lanes whether they differ or not; it has no share."""
    return [*buffering_causes(first, second), *connection_leaks(first, second)]
