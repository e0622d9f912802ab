"""Exceptions, and redirects that may not be the view's, as the probes of a target report them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from dashboard.project.secrets.masking import masked

# Specified in docs/frame.md: status, type, message, where, count.
AnswerKind: TypeAlias = Mapping[str, Any]

# The probe cuts a message there (`liveburst_answers.MOST_CHARACTERS`).
LONGEST = 300

_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "status": (int, type(None)),
    "type": (str, type(None)),
    "message": str,
    "where": (str, type(None)),
    "count": int,
}


def read_answers(reported: Any) -> list[AnswerKind]:
    """Return the kinds in a probe's report, secrets masked.

    Raises TypeError or KeyError if a kind is malformed.
    """
    kinds: list[AnswerKind] = [{name: kind[name] for name in _FIELDS} for kind in reported]
    for kind in kinds:
        for name, expected in _FIELDS.items():
            if not isinstance(kind[name], expected):
                raise TypeError(f"answers: expected another {name}, found {kind[name]!r}")
    return [_masked(kind) for kind in kinds]


def _masked(kind: AnswerKind) -> AnswerKind:
    texts = {name: value for name, value in kind.items() if isinstance(value, str)}
    shown = {name: masked(text, cut_off=len(text) >= LONGEST) for name, text in texts.items()}
    return {**kind, **shown}


def merge_answers(*lists: Iterable[AnswerKind]) -> list[AnswerKind]:
    """Return the kinds of several processes or rounds, each once with its sum, most first."""
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for kinds in lists:
        for kind in kinds:
            key = (kind["status"], kind["type"], kind["where"])
            total = merged.setdefault(key, {**kind, "count": 0})
            total["count"] += kind["count"]
    return sorted(merged.values(), key=lambda kind: -kind["count"])
