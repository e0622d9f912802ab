"""The types of a sweep's crossovers: from which level on a lane is faster than the baseline."""

from typing import Literal, TypedDict

Standing = Literal["ahead", "even", "behind", "undecided"]
Answer = Literal[
    "crosses",  # the standing changes
    "none",  # every level of the range has the same standing
    "undecided",  # neither is known
]


class StandingReport(TypedDict):
    """How a lane compares with the baseline; `why` is the reason if that is undecided."""

    standing: Standing
    ratio: float | None
    interval: list[float] | None
    why: str | None


class LevelReport(StandingReport):
    """How a lane compares with the baseline at one level."""

    at: float


class ZoneReport(TypedDict):
    """The first and the last of adjacent levels with the same standing."""

    first: float
    last: float
    standing: Standing


# `from` is a keyword of Python: the first measured level from which on the standing holds.
_From = TypedDict("_From", {"from": float | None})


class CrossoverReport(_From):
    """Where the standing of a lane changes last, and the interval that contains the change."""

    answer: Answer
    standing: Standing
    before: Standing | None
    below: float | None
    interval: list[float] | None
    until: float | None
    zones: list[ZoneReport]
