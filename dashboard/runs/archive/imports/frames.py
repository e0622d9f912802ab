"""Checks an imported frame completely: its header, its columns, and the bounds of its values."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from dashboard.wire import frame
from dashboard.wire.errors import FrameError, Problem
from dashboard.wire.failure import Failure
from dashboard.wire.frame import COLUMNS, TYPE_CODES, Frame
from dashboard.wire.plan.plan import MAX_REQUESTS
from dashboard.wire.units import NS_PER_S

from .schema import MAX_ROUND, InvalidImport

STORED: Final = ("samples", "chunks", "neighbour", "health")
MAX_ROWS: Final = 10_000_000  # of all frames together; a run has at most 1,000,000 requests
MAX_INSTANT_NS: Final = 3600 * NS_PER_S  # a firing lasts at most 600 s, a request another 300 s
MAX_HEALTH: Final = 2**50  # bytes of memory, and nanoseconds of CPU since a process started
MAX_ORIGIN_NS: Final = 2**62
# Later columns of `health`, which frames of older runs lack.
LATER: Final = {
    *("loop_held_by", "loop_in_view", "loop_in_app", "loop_elsewhere"),
    *("neighbour_requests", "neighbour_threads_started"),
    *("connections_open", "connections_waiting"),
}
_FAILURES: Final = np.array(sorted(Failure))


def checked_frames(texts: list[str], lanes: int) -> Iterator[bytes]:
    """Yield the bytes of each frame. Raises InvalidImport at the first that is none of this run.

    Each text is removed from the list, so that only one frame is in memory twice.
    """
    rows = 0
    for number, text in enumerate(texts):
        texts[number] = ""
        try:
            data = base64.b64decode(text, validate=True)
            decoded = frame.decode(data)
            problem = _problem(decoded, lanes)
            rows += decoded.rows
        except (binascii.Error, TypeError, ValueError, FrameError) as error:
            problem = f"expected a frame, found: {error}"
        if problem is None and rows > MAX_ROWS:
            problem = f"expected at most {MAX_ROWS:,} rows in all frames"
        if problem is not None:
            raise InvalidImport(Problem(f"frames[{number}]", problem))
        yield data


def _problem(decoded: Frame, lanes: int) -> str | None:
    """Return what is wrong with a frame; None if nothing."""
    if decoded.kind not in STORED:
        return f"expected a frame of {', '.join(STORED)}, found {decoded.kind[:40]!r}"
    bounds = {
        "lane": (decoded.lane, lanes - 1),
        "round": (decoded.round, MAX_ROUND),
        "origin_ns": (decoded.origin_ns, MAX_ORIGIN_NS),
        "rows": (decoded.rows, MAX_REQUESTS),
    }
    for name, (value, high) in bounds.items():
        if type(value) is not int or not 0 <= value <= high:
            article = "a lane" if name == "lane" else f"{name}"
            return f"expected {article} from 0 to {high}, found {value}"
    return _columns_problem(decoded)


def _columns_problem(decoded: Frame) -> str | None:
    types = COLUMNS[decoded.kind]
    missing = types.keys() - LATER - decoded.columns.keys()
    if missing:
        return f"expected the columns {', '.join(sorted(missing))}, found none"
    for name, column in decoded.columns.items():
        if name in types and column.format != TYPE_CODES[types[name]]:
            return f"{name}: expected the type {types[name]}"
        high = _highest(decoded.kind, name, types)
        values = np.asarray(column)
        if high is not None and values.size and not -high <= values.min() <= values.max() <= high:
            return f"{name}: expected values from {-high} to {high}"
        if name == "error" and not np.isin(values, _FAILURES).all():
            return "error: expected the numbers of failures"
    return None


def _highest(kind: str, name: str, types: Mapping[str, str]) -> int | None:
    """Return the largest value that a column may have; None if its type is enough of a bound."""
    if name == "request":
        return MAX_REQUESTS
    if types.get(name) != "i8":
        return None
    return MAX_HEALTH if kind == "health" else MAX_INSTANT_NS
