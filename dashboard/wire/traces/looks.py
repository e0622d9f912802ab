"""The looks of a sampled firing, as the samplers inside a target's processes made them.

`targets/observe/sampler_files.py` reads them, `analysis/where` folds them to lines. The states, and
what a look weighs, are described in `wire/report/where.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypedDict

from dashboard.wire.report.where import SamplerFacts, State

# What is known of a look besides its state and its stack:
#   "gil"     the thread was ready to run and waited for the GIL (state `cpu`)
#   "late"    the sampler itself was late: a call in C held the GIL, probably the `call` of the
#             innermost frame
#   "loop"    a task is ready, and waits for its loop, which runs other code (state `awaiting`)
#   "thread"  a task waits for a thread of a pool that has not taken its call (state `awaiting`)
Note: TypeAlias = Literal["", "gil", "late", "loop", "thread"]


class LookLine(TypedDict, total=False):
    """A line of the file that the sampler of one process writes, before it is checked.

    `targets/injected/sampler/liveburst_sampler_file.py` describes the keys.
    """

    visits: list[tuple[int, int]]
    frames: list[list[Any]]
    stacks: list[tuple[int, list[int]]]
    seen: list[tuple[int, str, str, list[int]]]
    until: int
    wall_ns: int
    cpu_ns: int
    interval_ns: int
    late_ns: list[int]
    limits: list[str]
    full: bool


@dataclass(frozen=True)
class LookFrame:
    """A line of a stack.

    `path` is relative: to the project's directory if `project`, else to the directory that its
    module was imported from (`requests/api.py`, `asyncio/tasks.py`). `function` is qualified from
    Python 3.11 on (`Report.get`). `call` is the call that the line was making, as its source has
    it without arguments: `requests.get`, `time.sleep`, `Order.objects.filter(…).first`. It is
    known of the project's lines, from Python 3.11 on, and empty where the line made no call.
    """

    path: str
    line: int
    function: str
    module: str  # `requests.api`
    project: bool
    call: str = ""


@dataclass(frozen=True)
class LookStack:
    """All looks with the same state, stack and note.

    `frames` are positions in `Looks.frames`, the outermost first; they begin inside of the
    application (no server's frames) and contain none of the probe's. A stack that passes from a
    coroutine to a thread, or back, is one stack. `ms` is the time of requests: where several tasks
    or threads of a request work at once, each has its part of it. `cpu_ms` is what the thread's CPU
    clock moved in it, at most `ms`: a line that holds the loop may compute or wait.
    `requests` are numbers that are unique in the firing.
    """

    state: State
    frames: tuple[int, ...]
    looks: int
    ms: float
    cpu_ms: float
    requests: frozenset[int]
    note: Note = ""


@dataclass(frozen=True)
class Looks:
    """Everything seen of the requests that entered a target between two instants (monotonic ns).

    `requests` is the number of these requests, those too that no look met.
    """

    start_ns: int
    end_ns: int
    requests: int
    frames: tuple[LookFrame, ...]
    stacks: tuple[LookStack, ...]
    sampler: SamplerFacts
