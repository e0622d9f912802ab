"""The types of a report's verdict. Keys are the JSON's; docs/commands.md says what each means.

An interval is [low, high]; None where no end is known.
"""

from typing import Any, Literal, TypeAlias, TypedDict

Metric = Literal["makespan_s", "response_p95_ms"]
Answer = Literal[
    "differs",  # the interval excludes 1 and is not inside the margin
    "no-difference",  # the interval lies inside the margin
    "undecided",
    "first-look",  # fewer than five rounds: a ratio without an interval
    "errors",  # more than 1 % of the requests failed, in the lane or in the baseline
    "redirected",  # one of the two was, and whether its view was called is not known
    "behind",  # the rate was more than the lane, or the baseline, can do
    "not-trusted",  # something spoiled it, or the engine's lateness may explain all of it
    "no-rounds",  # no round was whole in both lanes
]
SharedLimitName = Literal[
    "cpu-bound", "mostly-cpu", "light-load", "same-limit", "waiting", "unknown"
]
Interval: TypeAlias = list[float]
Evidence: TypeAlias = dict[str, Any]  # each cause has its own numbers; None: not known


class CauseReport(TypedDict):
    """Why two lanes differ, or do not. `lane` is None where it concerns both."""

    name: str
    lane: str | None
    share: float | None
    evidence: Evidence


class FactorReport(TypedDict):
    """One step between two lanes that differ in one thing: another server, or another variant."""

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
    """How the load generator was late, and each ratio's interval with all lateness charged."""

    reason: str
    intervals: dict[str, Interval | None]


class LaneLimitReport(TypedDict):
    """What one lane was limited by, as far as that is known."""

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
    upstream: str | None


class SharedLimitReport(TypedDict):
    """The limit that all lanes share where none differs. Only a burst has a concurrency."""

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
    """Whether a control run (A/A) trusts this machine; None: it has no answer."""

    trusted: bool | None
    why: list[str]


class VerdictReport(TypedDict):
    """What a run shows: each lane against the baseline, and all of it in one sentence."""

    metric: Metric
    baseline: str
    rule: Literal["fixed", "until-sure"]
    margin: float
    spoiled: str | None
    disturbed: DisturbedReport | None
    comparisons: list[ComparisonReport]
    absolute: SharedLimitReport | None
    secondary: list[SecondaryReport]
    control: ControlReport | None
    sentence: str
    warnings: list[str]
