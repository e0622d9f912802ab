"""Assess a control run (A/A): one lane twice, as two targets that were started separately.

Both are the same, so "differs" is a result about the machine, or about the method.
"""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.wire.report.report import Environment
from dashboard.wire.report.verdict import ControlReport

from .comparison import Comparison
from .intervals import CORRELATION_WARNING

MAX_STEAL_PERCENT = 2.0


def assess(
    comparison: Comparison, steal_percent: float | None, environment: Environment
) -> ControlReport:
    """Return whether this machine can be trusted now, and if not, what may be the reason.

    `trusted` is None if the control has no answer: too few rounds, or errors.
    """
    if comparison.answer in {"no-difference", "undecided"}:
        return {"trusted": True, "why": []}
    if comparison.answer != "differs":
        return {"trusted": None, "why": []}
    why = list(_reasons(comparison, steal_percent, environment))
    return {"trusted": False, "why": why or [NO_REASON]}


NO_REASON = (
    "nothing was found that would explain it: no stolen time, no drift, no other load; two starts"
    " of one server may differ by themselves"
)


def _reasons(
    comparison: Comparison, steal_percent: float | None, environment: Environment
) -> Iterator[str]:
    if steal_percent is not None and steal_percent > MAX_STEAL_PERCENT:
        yield f"the host gave {steal_percent:.1f} % of the CPU time to other guests"
    correlation = comparison.correlation
    if correlation is not None and correlation > CORRELATION_WARNING:
        yield f"the rounds drift: each resembles the one before (correlation {correlation:.2f})"
    average, cpus = environment.get("load_average"), environment.get("cpus")
    if average and cpus and average[0] > cpus:
        yield f"other work was going on: the load average was {average[0]:.1f} on {cpus} CPUs"
