"""The types of a matrix's answer: what `manage.py matrix --json` prints and the page shows."""

from typing import Literal, TypedDict

from dashboard.wire.report.verdict import Answer, Interval

CellState = Literal["measured", "refused", "running", "waiting", "failed", "not-fired"]
CellAnswer = Answer | Literal["baseline"]


class CellPlace(TypedDict):
    """Where a cell is, and its state; `why` is the reason if it has no plain ratio."""

    variant: str
    server: str
    lane: str
    state: CellState
    why: str
    log_tail: str
    run: str | None


class Compared(TypedDict):
    """A cell compared with the baseline; None: not compared."""

    ratio: float | None
    interval: Interval | None
    level: float | None
    answer: CellAnswer | None


class CellNumbers(Compared):
    """The numbers of a cell; None where nothing was measured."""

    makespan_s: float | None
    p50_ms: float | None
    p95_ms: float | None
    throughput_rps: float | None
    requests: int | None
    failed: int | None
    errors: dict[str, int] | None
    theory_s: float | None
    concurrency: str | None
    family: str | None


class MatrixCell(CellPlace, CellNumbers):
    """A variant at a server."""


class Drift(TypedDict):
    """The baseline's median total time in each run, and how much it differed, as a share."""

    makespan_s: list[float]
    largest: float


class MatrixAnswer(TypedDict):
    """A cell for each variant at each server, from the runs so far."""

    experiment: str
    kind: str
    status: str
    problem: str
    project: str
    scenario: str
    load: dict[str, object]  # as a plan has it
    rounds: int
    seed: int
    parameters: dict[str, float]
    variants: list[str]
    servers: list[str]
    baseline: str
    cells: list[MatrixCell]
    drift: Drift | None
    runs: list[str]
    sentence: str
