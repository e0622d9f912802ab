"""The types of a mix's answer: what `manage.py mix --json` prints and the page shows.

Times are p95 response times in ms, one for each block in which they were measured.
"""

from typing import TypedDict

from dashboard.wire.report.verdict import Answer, Interval


class Slowdown(TypedDict):
    """A view's p95 in the mix over that alone, or over that in the mix without another view.

    `without` is that other view, None for alone. `p95_ms` is the median over the blocks, of the
    p95 that the mix's is compared with.
    """

    without: str | None
    p95_ms: float | None
    answer: Answer
    ratio: float | None
    interval: Interval | None
    level: float | None
    blocks: int


class MixedViewAnswer(TypedDict):
    """A view of a mix at a lane; `p95_ms` is its median over the blocks, in the mix.

    `bystander_p95_ms` is that of the bystander beside the view alone.
    """

    view: str
    share: float
    lane: str
    requests: int
    failed: int
    p95_ms: float | None
    bystander_p95_ms: float | None
    slowdowns: list[Slowdown]
    compared: Slowdown | None  # with the same view at the baseline, in the mix


class MixLane(TypedDict):
    """The whole mix at a lane."""

    lane: str
    server: str
    bystander_p95_ms: float | None
    keeps_up: bool | None


class MixAnswer(TypedDict):
    """Each view at each lane, from the runs so far.

    `disturbed` are the runs in which the load generator was at its limit; no number is from them.
    """

    experiment: str
    kind: str
    status: str
    problem: str
    project: str
    scenario: str
    load: dict[str, object]  # as a plan has it
    blocks: int
    seed: int
    views: list[str]
    lanes: list[MixLane]
    cells: list[MixedViewAnswer]
    runs: list[str]
    disturbed: list[str]
    sentence: str
