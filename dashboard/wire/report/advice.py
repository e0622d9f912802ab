"""The types of advice: what to try about a cause, and the prediction by which it can be refuted.

Keys are the JSON's; docs/commands.md describes them. Unknown values are None.
"""

from typing import Literal, TypeAlias, TypedDict

# The causes that advice is given about.
AdvisedCause: TypeAlias = Literal[
    "threads-busy",
    "one-at-a-time",
    "loop-blocked",
    "executor-full",
    "cpu-bound",
    "serialised-on-one-thread",
    "thread-cost",
    "waiting-for-connection",
    "connections-leak",
]
PredictedMetric: TypeAlias = Literal[
    "makespan_s",  # median over the rounds
    "response_p95_ms",  # median over the rounds
    "bystander_ms_p50",
    "cpu_ms_per_request",
    "connections_leaked",  # after a firing, at most
]


class AdvicePrediction(TypedDict):
    """A metric of the lane to fire: its value with an interval, or a bound alone.

    The prediction holds if what is measured is from `low` to `high`; None: no bound on that side.
    `formula` is what the value follows from, with its numbers.
    """

    metric: PredictedMetric
    value: float | None
    low: float | None
    high: float | None
    formula: str


class Advice(TypedDict):
    """One piece of advice about the cause that was found in `lane`.

    `fires` is the lane that tests it beside `lane`; None if none can, for the reason `untested`.
    `memory_mb` is what it costs, in MiB. `diff` are lines of code to read, each beginning with
    `-`, `+` or a space; they are never applied. `unsafe` is when it must not be followed.
    """

    cause: AdvisedCause
    lane: str
    text: str
    fires: str | None
    untested: str | None
    prediction: AdvicePrediction | None
    memory_mb: float | None
    diff: list[str]
    unsafe: str | None


class AdviceUnderTest(TypedDict):
    """What a run tests: a piece of advice of another run, by its number there, from 1."""

    run: str
    number: int
    advice: Advice


class AdviceOutcome(TypedDict):
    """What the run measured that tested a piece of advice, next to its prediction.

    `held` is None if the run is undecided, for the reason `why`. `error` is the relative deviation
    from the value, or from the bound that was crossed; 0 within a bound.
    """

    run: str
    measured: float | None
    error: float | None
    held: bool | None
    why: str | None
