"""The rules by which a verdict is given."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VerdictOptions:
    """The rules of a verdict, fixed before the first round, and what makes it doubtful.

    `no_verdict_reason` is why no verdict can be given. `disturbed_reason` is how the load
    generator reached its limit, so that all of its lateness is charged. None: neither happened.
    """

    until_sure: bool
    margin: float
    control: bool
    no_verdict_reason: str | None
    disturbed_reason: str | None = None
