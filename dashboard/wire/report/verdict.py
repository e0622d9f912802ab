"""The types of a report's verdict. Keys are the JSON's; docs/commands.md describes them.

An interval is [low, high]; None if it is unknown.
"""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from .causes import CauseReport

Metric = Literal["makespan_s", "response_p95_ms"]
Answer = Literal[
    "differs",  # the interval excludes 1 and is not inside the margin
    "no-difference",  # the interval lies inside the margin
    "undecided",
    "first-look",  # fewer than five rounds: a ratio without an interval
    "errors",  # more than 1 % of the requests failed, in the lane or in the baseline
    "redirected",  # one of the two was, and it is unknown whether its view was called
    "behind",  # the lane or the baseline did not keep up with the rate
    "not-trusted",  # spoiled, or the load generator's lateness may explain all of it
    "no-rounds",  # no round was complete in both lanes
]
SharedLimitName = Literal[
    "cpu-bound", "mostly-cpu", "light-load", "same-limit", "waiting", "unknown"
]
Interval: TypeAlias = list[float]


class FactorReport(TypedDict):
    """The part of a ratio due to one change: of the server, or of the variant."""

    what: Literal["server", "variant"]
    begin: str
    end: str
    ratio: float
    interval: Interval | None
    level: float


class ComparisonReport(TypedDict):
    """One lane against the baseline."""

    lane: str
    answer: Answer
    ratio: float | None
    interval: Interval | None
    measured_interval: Interval | None
    level: float | None
    method: str | None
    rounds: int
    round_ratios: list[float] | None
    causes: list[CauseReport]
    factors: list[FactorReport] | None


class DisturbedReport(TypedDict):
    """The lateness of the load generator, and each ratio's interval with all of it charged.

    `lanes` are those at which it exceeded a limit; older reports lack them.
    """

    reason: str
    lanes: NotRequired[list[str]]
    intervals: dict[str, Interval | None]


class LaneLimitReport(TypedDict):
    """What one lane used, and its limit, as far as known.

    `cpu_alone_s` is how long a burst would take if it only waited for its own CPU time, on
    `usable_cores`: those of its `cores` that it could keep busy.
    """

    lane: str
    time_s: float | None
    cpu_ms_per_request: float | None
    cpu_share: float | None
    own_cpu_share: float | None
    least_own_cpu_share: float | None
    cpu_alone_s: float | None
    taken_by_others: float | None
    usable_cores: float | None
    cores: float | None
    in_view: float | None
    peak_in_view: int | None
    capacity: int | None
    view_ms_p50: float | None
    waits: bool | None


class SharedLimitReport(TypedDict):
    """The limit that all lanes share if none differs. Only a burst has a concurrency."""

    name: SharedLimitName
    concurrency: int | None
    lanes: list[LaneLimitReport]


class SecondaryReport(TypedDict):
    """A quantity besides the time that differs between two versions of a lane."""

    first: str
    second: str
    metric: str
    values: list[float]
    ratio: float


class ControlReport(TypedDict):
    """Whether an A/A run finds this machine reliable; None: there is no answer."""

    trusted: bool | None
    why: list[str]


class VerdictReport(TypedDict):
    """The conclusion of a run: each lane against the baseline, and the verdict as text.

    `sentence` is all of the text; it begins with the `headline`, which older reports lack.

    `spoiled` is why there is no verdict on the lanes in `faults`, each with its own reason; on all
    lanes if `faults` is empty or missing, as in older reports.
    """

    metric: Metric
    baseline: str
    rule: Literal["fixed", "until-sure"]
    margin: float
    spoiled: str | None
    faults: NotRequired[dict[str, str]]
    disturbed: DisturbedReport | None
    comparisons: list[ComparisonReport]
    absolute: SharedLimitReport | None
    secondary: list[SecondaryReport]
    control: ControlReport | None
    headline: str
    sentence: str
    warnings: list[str]
