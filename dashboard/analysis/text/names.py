"""Names of lanes in a sentence: lists of them, and the short name of one beside another."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.wire.plan.plan import TWIN
from dashboard.wire.plural import counted

# Servers of which several kinds exist, such as gunicorn-sync and gunicorn-gthread.
PROGRAMS = {"gunicorn", "granian"}


def listed(names: Sequence[str]) -> str:
    """Return "a", "a and b", or "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def listed_briefly(names: Sequence[str]) -> str:
    """Return the first of several names: "a and 1 other", "a and 3 others"."""
    if len(names) < 2:
        return listed(names)
    return f"{names[0]} and {counted(len(names) - 1, 'other')}"


def short_name(lane: str, others: Sequence[str]) -> str:
    """Return what distinguishes a lane from others: its program, its server, or its variant."""
    variant, _, server = lane.partition("@")
    server = server.removesuffix(TWIN)
    pairs = [(name.partition("@")[0], name.partition("@")[2].removesuffix(TWIN)) for name in others]
    servers = [other for _, other in pairs]
    if _program(server) not in map(_program, servers):
        return _program(server)
    if server not in servers:
        return server
    return variant if variant not in [other for other, _ in pairs] else lane


def _program(server: str) -> str:
    program = server.partition("-")[0]
    return program if program in PROGRAMS else server
