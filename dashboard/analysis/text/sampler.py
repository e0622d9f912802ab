"""How the sampler of a firing did: *200 looks in 1 process, one every 5 ms; the sampler used …*."""

from __future__ import annotations

from typing import Final

from dashboard.wire.plural import counted
from dashboard.wire.report.where import SamplerFacts

from .causes.lines import share_text
from .numbers import milliseconds

LATE_MS: Final = 20.0  # from here on the sampler's lateness is worth a sentence


def sampler_text(facts: SamplerFacts) -> str:
    """Return how often the sampler looked, what that cost, and how late it was."""
    processes = counted(facts["processes"], "process", "processes")
    text = (
        f"{counted(facts['looks'], 'look')} in {processes}, one every"
        f" {milliseconds(facts['interval_ms'])}; the sampler used"
        f" {share_text(facts['cpu_share'])} of one core and was"
        f" {milliseconds(facts['late_ms_p99'])} late (p99)"
    )
    if facts["late_ms_max"] < LATE_MS:
        return f"{text}."
    late = milliseconds(facts["late_ms_max"])
    return f"{text}, at most {late}: something held the GIL for that long, usually a call in C."
