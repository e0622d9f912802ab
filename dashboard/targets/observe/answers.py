"""Exceptions, and redirects that may not be the view's, as the probes of a target report them."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.project.secrets.masking import masked
from dashboard.wire.codec import read_json
from dashboard.wire.report.answers import AnswerKind

# The probe cuts a message there (`liveburst_answers.MOST_CHARACTERS`).
LONGEST = 300


def read_answers(reported: object) -> list[AnswerKind]:
    """Return the kinds in a probe's report, secrets masked; raises InvalidJson if malformed."""
    kinds: list[AnswerKind] = read_json(list[AnswerKind], reported, ignore_unknown=True)
    return [_masked(kind) for kind in kinds]


def _masked(kind: AnswerKind) -> AnswerKind:
    return {
        "status": kind["status"],
        "type": _masked_text(kind["type"]),
        "message": masked(kind["message"], cut_off=len(kind["message"]) >= LONGEST),
        "where": _masked_text(kind["where"]),
        "count": kind["count"],
    }


def _masked_text(text: str | None) -> str | None:
    return None if text is None else masked(text, cut_off=len(text) >= LONGEST)


def merge_answers(*lists: Iterable[AnswerKind]) -> list[AnswerKind]:
    """Return the kinds of several processes or rounds, each once with its sum, most first."""
    merged: dict[tuple[int | str | None, ...], AnswerKind] = {}
    for kinds in lists:
        for kind in kinds:
            key = (kind["status"], kind["type"], kind["where"])
            total = merged.setdefault(key, {**kind, "count": 0})
            total["count"] += kind["count"]
    return sorted(merged.values(), key=lambda kind: -kind["count"])
