"""Stored frames of a run, gathered into arrays: one `Lane` each."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.wire import frame
from dashboard.wire.failure import Failure

Integers = npt.NDArray[np.integer]  # of the wire's own types: a million samples are many
Columns = Mapping[str, Integers]

KINDS = ("samples", "health", "neighbour", "chunks")
PARTS = (*KINDS, "cut_off")  # of a lane
WARM_UP = 0  # the round that is stored and never counted


@dataclass(frozen=True)
class Lane:
    """The counted rounds of one lane: columns as in docs/frame.md, and `round` beside them.

    Of samples `view_entered` is an instant or UNKNOWN, and `no_view` is 1 where Django answered
    and called no view.
    `neighbour` is what was fired beside it, and in none of the lane's own numbers. `cut_off` are
    the samples that Stop ended: neither successes nor failures, and in no other number.
    """

    samples: Columns
    health: Columns
    neighbour: Columns
    chunks: Columns
    cut_off: Columns

    @property
    def ok(self) -> npt.NDArray[np.bool_]:
        """Which samples succeeded; only these carry latencies."""
        ok: npt.NDArray[np.bool_] = self.samples["error"] == Failure.NONE
        return ok


def collect(frames: Iterable[bytes], lanes: int, discarded: Collection[int] = ()) -> list[Lane]:
    """Read encoded frames in any order, without the warm-up and discarded rounds."""
    return collect_frames(map(frame.decode, frames), lanes, discarded)


def collect_frames(
    frames: Iterable[frame.Frame], lanes: int, discarded: Collection[int] = ()
) -> list[Lane]:
    """Gather decoded frames in any order, without the warm-up and discarded rounds."""
    gathered = [{kind: _Gathered(kind) for kind in KINDS} for _ in range(lanes)]
    for one in frames:
        if one.kind in KINDS and one.round != WARM_UP and one.round not in discarded:
            gathered[one.lane][one.kind].take(one)
    return [_lane({kind: one[kind].columns() for kind in KINDS}) for one in gathered]


def _lane(parts: Mapping[str, Columns]) -> Lane:
    """Part the samples that Stop ended from the others; where there are none, copy nothing."""
    samples = parts["samples"]
    cut = samples["error"] == Failure.ABORTED
    cut_off = {name: column[cut] for name, column in samples.items()}
    if cut.any():
        samples = {name: column[~cut] for name, column in samples.items()}
    return Lane(**{**parts, "samples": samples, "cut_off": cut_off})


class _Gathered:
    """Columns that grow in place: of a million samples there is never a second copy."""

    def __init__(self, kind: str) -> None:
        codes = {name: frame.TYPE_CODES[word] for name, word in frame.COLUMNS[kind].items()}
        self._columns = {name: array(code) for name, code in codes.items()}
        self._rounds = array("i")

    def take(self, one: frame.Frame) -> None:
        """Add the rows of a frame."""
        for name, column in self._columns.items():
            if name in one.columns:
                column.frombytes(memoryview(one.columns[name]).cast("B"))
            else:  # an older run, whose probe could not say
                column.extend([frame.UNKNOWN] * one.rows)
        self._rounds.extend([one.round] * one.rows)

    def columns(self) -> dict[str, Integers]:
        """What was gathered, as NumPy sees the same memory."""
        columns: dict[str, Integers] = {
            name: np.asarray(column)
            for name, column in (*self._columns.items(), ("round", self._rounds))
        }
        if "view_entered" in columns:
            entered = columns["view_entered"]
            no_view = entered == frame.NO_VIEW
            entered[no_view] = frame.UNKNOWN
            columns["no_view"] = no_view.view(np.uint8)
        return columns
