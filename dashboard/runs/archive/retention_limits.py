"""How much is stored, by age, number and size: read from options or the environment.

The audit list has limits of its own, so that a limit of runs never deletes what was done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from dashboard.wire.errors import Invalid, Problem

HOURS = {"h": 1, "d": 24, "w": 24 * 7}
MOST_HOURS = 24 * 36_500  # a longer time may be before the first year of the calendar
BYTES = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
VARIABLES = {
    "keep": "LIVEBURST_KEEP",
    "runs": "LIVEBURST_KEEP_RUNS",
    "size": "LIVEBURST_KEEP_SIZE",
    "audit_keep": "LIVEBURST_KEEP_AUDIT",
    "audit_entries": "LIVEBURST_KEEP_AUDIT_ENTRIES",
}


@dataclass(frozen=True)
class AuditLimits:
    """Which entries the audit list may have; None is no limit."""

    age: timedelta | None = None
    entries: int | None = None


@dataclass(frozen=True)
class Limits:
    """What may be stored; None is no limit."""

    age: timedelta | None = None
    runs: int | None = None
    size_bytes: int | None = None
    keep_pinned: bool = True
    audit: AuditLimits = AuditLimits()

    @classmethod
    def read(
        cls, texts: Mapping[str, str | None], names: Mapping[str, str], *, keep_pinned: bool = True
    ) -> Self:
        """Return the limits in the texts by the keys of VARIABLES; empty ones are none.

        Raises Invalid with the names that the user sees, `names`.
        """
        keep, runs, size = (texts.get(name) for name in ("keep", "runs", "size"))
        return cls(
            _age(names["keep"], keep) if keep else None,
            _number(names["runs"], runs, {"": 1}, "a number of runs") if runs else None,
            _number(names["size"], size, BYTES, "500MB or 2GB") if size else None,
            keep_pinned,
            _audit_limits(texts, names),
        )

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Self:
        """Return the limits that the dashboard keeps to. Raises Invalid."""
        texts = {name: environment.get(variable) for name, variable in VARIABLES.items()}
        return cls.read(texts, VARIABLES)


def _audit_limits(texts: Mapping[str, str | None], names: Mapping[str, str]) -> AuditLimits:
    keep, entries = texts.get("audit_keep"), texts.get("audit_entries")
    expected = "a number of entries"
    return AuditLimits(
        _age(names["audit_keep"], keep) if keep else None,
        _number(names["audit_entries"], entries, {"": 1}, expected) if entries else None,
    )


def _age(name: str, text: str) -> timedelta:
    hours = _number(name, text, HOURS, "90d, 12w or 36h")
    if hours > MOST_HOURS:
        raise Invalid(Problem(name, f"expected at most {MOST_HOURS // 24:,}d, found {text!r}"))
    return timedelta(hours=hours)


def _number(name: str, text: str, units: Mapping[str, int], expected: str) -> int:
    match = re.fullmatch(r"([0-9]{1,9})([A-Za-z]*)", text)
    if match is None or match[2] not in units:
        raise Invalid(Problem(name, f"expected {expected}, found {text!r}"))
    return int(match[1]) * units[match[2]]
