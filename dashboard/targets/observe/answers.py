"""Why requests were not answered by their view, as the probes of a target told it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from dashboard.project.secrets.masking import masked

# Specified in docs/frame.md: status, type, message, where, count.
Kind: TypeAlias = Mapping[str, Any]

# Of a message the probe keeps no more (`liveburst_answers.MOST_CHARACTERS`): it may be cut.
LONGEST = 300

_NAMES: Mapping[str, type | tuple[type, ...]] = {
    "status": (int, type(None)),
    "type": (str, type(None)),
    "message": str,
    "where": (str, type(None)),
    "count": int,
}


def read_answers(told: Any) -> list[Kind]:
    """Return the kinds in a probe's report, secrets masked.

    Raises TypeError and KeyError for what is none.
    """
    found: list[Kind] = [{name: one[name] for name in _NAMES} for one in told]
    for one in found:
        for name, expected in _NAMES.items():
            if not isinstance(one[name], expected):
                raise TypeError(f"answers: expected another {name}, found {one[name]!r}")
    return [_masked(one) for one in found]


def _masked(kind: Kind) -> Kind:
    texts = {name: told for name, told in kind.items() if isinstance(told, str)}
    told = {name: masked(text, cut_off=len(text) >= LONGEST) for name, text in texts.items()}
    return {**kind, **told}


def merged(*several: Iterable[Kind]) -> list[Kind]:
    """Return the kinds of several processes or rounds, each once with its sum, most first."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for kinds in several:
        for one in kinds:
            key = (one["status"], one["type"], one["where"])
            known = found.setdefault(key, {**one, "count": 0})
            known["count"] += one["count"]
    return sorted(found.values(), key=lambda one: -one["count"])
