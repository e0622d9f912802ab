"""What was read of load generator and machine around one firing, as stored."""

from typing import NotRequired, TypedDict


class ReadingJson(TypedDict):
    """A `runs.reports.instrument.Reading`."""

    lane: int
    round: int
    wall_ns: NotRequired[int | None]
    cpu_ns: NotRequired[int | None]
    loop_lag_p99_ns: NotRequired[int | None]
    scheduling_error_p99_ns: NotRequired[int | None]
    cpu_before: NotRequired[list[int] | None]
    cpu_after: NotRequired[list[int] | None]
    engines: NotRequired[int]
    busiest_cpu_ns: NotRequired[int | None]
    target_busy_s: NotRequired[float | None]
    target_s: NotRequired[float | None]
    stalls_ns: NotRequired[list[list[int]] | None]
    scheduling_error_max_ns: NotRequired[int | None]
    overflows: NotRequired[int | None]
