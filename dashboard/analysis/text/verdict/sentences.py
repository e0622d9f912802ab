"""The verdict as text, written from the report's JSON alone: a headline, and what belongs to it.

No superlative, nothing beyond this machine, and nothing that the numbers do not show: "faster"
and "longer" follow from the interval, and where it holds both directions, so does the text.
"""

from __future__ import annotations

from dashboard.wire.report.report import Report

from .because import because
from .headline import headline

__all__ = ["because", "headline", "sentence"]


def sentence(report: Report) -> str:
    """Return the headline and the sentences that follow it; empty without a verdict."""
    return " ".join(filter(None, (headline(report), *because(report))))
