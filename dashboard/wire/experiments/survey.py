"""The types of a survey's answer: every view of a project, ranked by what it would gain.

`manage.py survey --json` prints it and the page shows it; docs/survey.md describes the formulas.
None: unknown. Times are in milliseconds, throughputs in requests per second, memory in MiB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from dashboard.wire.codec import JsonObject
from dashboard.wire.report.verdict import Answer

# What an alternative changes: the size of the thread pool, the code and its server, or the number
# of processes.
Change: TypeAlias = Literal["threads", "async", "processes"]
Word: TypeAlias = Literal["threads", "async", "processes", "leave it"]
RowState: TypeAlias = Literal["measured", "running", "waiting", "failed", "refused", "not-fired"]


@dataclass(frozen=True)
class TimeShares:
    """Where the time of one request alone goes, as shares of it that add up to 1.

    `framework` is all that is outside the view: the server, middleware, the response on its way.
    `cpu`, `database` and `waiting` are inside the view.
    """

    cpu: float
    database: float
    waiting: float
    framework: float


@dataclass(frozen=True)
class Alone:
    """One request at a time at today's server.

    `wall_ms` and `cpu_ms` are medians of what was timed; hops, queries and `query_ms` are those of
    a traced request, None where none could be traced. `cpu_ms` is that of the server's processes.
    """

    run: str
    wall_ms: float
    cpu_ms: float | None
    hops: int | None
    queries: int | None
    query_ms: float | None
    shares: TimeShares | None


@dataclass(frozen=True)
class LoadPoint:
    """Today's lane with `concurrency` requests in flight."""

    concurrency: int
    run: str
    throughput_rps: float | None
    p95_ms: float | None
    failed: int


@dataclass(frozen=True)
class Alternative:
    """Another lane for a view, at the survey's largest concurrency.

    `predicted_` are of the model, `measured_` None unless it was fired beside today's lane.
    `ratio` is its total time over today's, below 1 where it is faster, with its interval and the
    answer of the run. `error` is the relative deviation of the predicted throughput from the
    measured one. `memory_mb` and `cpu_ms` (per request) are what it takes more than today's lane.
    `stand_in`: the lane is a pool of as many threads as requests, which has the concurrency of an
    async view that does not exist. `formula` is what the prediction follows from, with its
    numbers; `why` is why it was not fired or has no ratio, empty if it has one.
    """

    change: Change
    lane: str
    stand_in: bool
    predicted_rps: float
    predicted_p95_ms: float
    formula: str
    run: str | None = None
    measured_rps: float | None = None
    measured_p95_ms: float | None = None
    error: float | None = None
    ratio: float | None = None
    interval: tuple[float, float] | None = None
    level: float | None = None
    answer: Answer | None = None
    memory_mb: float | None = None
    cpu_ms: float | None = None
    why: str = ""


@dataclass(frozen=True)
class SurveyRow:
    """One view: a scenario's variant at today's server, and what it would gain.

    `view` is its code, `module:function`, or else its path. `p95_ms` is today's at the largest
    concurrency: of the run that compared it with the alternatives, else of the last load.
    `alternatives` are the fired ones, the fastest first, then those that were only predicted.
    `best` is the lane that `word` recommends; None for *leave it*. `gained_ms` is the p95 that it
    saves times `weight`; 0 for *leave it*. `runs` are all of the row in the order of firing,
    `run` is the one to open. `why` is why the row is not measured, or lacks something.
    """

    scenario: str
    variant: str
    title: str
    view: str
    family: str
    lane: str
    state: RowState
    weight: float
    why: str = ""
    alone: Alone | None = None
    loads: tuple[LoadPoint, ...] = ()
    p95_ms: float | None = None
    throughput_rps: float | None = None
    alternatives: tuple[Alternative, ...] = ()
    word: Word | None = None
    reason: str = ""
    best: str | None = None
    gained_ms: float | None = None
    run: str | None = None
    runs: tuple[str, ...] = ()

    @property
    def best_alternative(self) -> Alternative | None:
        """The alternative that is recommended; None if there is none."""
        return next((each for each in self.alternatives if each.lane == self.best), None)


@dataclass(frozen=True)
class SurveyProgress:
    """How far the survey is: rows that are over, and what is being done, empty at its end."""

    done: int
    total: int
    words: str


@dataclass(frozen=True)
class ModelFit:
    """How well the model did over all fired alternatives.

    `median_error` is of the throughput, without its sign. `tau` is Kendall's τ-b between predicted
    and measured throughput, None with fewer than two lanes or without different values.
    """

    lanes: int
    median_error: float
    tau: float | None


@dataclass(frozen=True)
class SurveyAnswer(JsonObject):
    """All rows, those that gain most first, then *leave it*, then those without a measurement.

    `server` is today's; `concurrency` are the loads that are fired at it, ascending.
    """

    ignores_unknown_keys: ClassVar[bool] = True

    experiment: str
    kind: str
    status: str
    problem: str
    project: str
    server: str
    concurrency: tuple[int, ...]
    rounds: int
    seed: int
    mix: str
    rows: tuple[SurveyRow, ...]
    progress: SurveyProgress
    fit: ModelFit | None
    sentence: str
