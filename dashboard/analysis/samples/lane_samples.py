"""Gather the stored frames of a run into arrays, one `Lane` per lane."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.frame import WARM_UP_ROUND

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]  # of the frame's own types, to save memory
Columns = Mapping[str, Integers]

KINDS = ("samples", "health", "neighbour", "chunks")
PARTS = ("samples", "health", "bystander", "chunks", "cut_off")  # of a lane


@dataclass(frozen=True)
class Lane:
    """The counted rounds of one lane: the columns of docs/frame.md, and `round`.

    In `samples`, `view_entered` is an instant or UNKNOWN, and `no_view` is 1 if Django answered
    without calling a view. `bystander` are the bystander's requests, which are in none of the
    lane's own numbers. `cut_off` are the samples that Stop cut off: neither successes nor
    failures, and in no other number.
    """

    samples: Columns
    health: Columns
    bystander: Columns
    chunks: Columns
    cut_off: Columns

    @property
    def ok(self) -> npt.NDArray[np.bool_]:
        """Which samples succeeded; only these have latencies."""
        ok: npt.NDArray[np.bool_] = self.samples["error"] == Failure.NONE
        return ok


def collect(frames: Iterable[bytes], lanes: int, discarded: Collection[int] = ()) -> list[Lane]:
    """Return the lanes from encoded frames in any order, without warm-up and discarded rounds."""
    return collect_frames(map(frame.decode, frames), lanes, discarded)


def collect_frames(
    frames: Iterable[frame.Frame], lanes: int, discarded: Collection[int] = ()
) -> list[Lane]:
    """Return the lanes from decoded frames in any order, without warm-up and discarded rounds."""
    gathered = [{kind: _Gathered(kind) for kind in KINDS} for _ in range(lanes)]
    for part in frames:
        if part.kind in KINDS and part.round != WARM_UP_ROUND and part.round not in discarded:
            gathered[part.lane][part.kind].take(part)
    return [_lane({kind: parts[kind].columns() for kind in KINDS}) for parts in gathered]


def _lane(parts: Mapping[str, Columns]) -> Lane:
    """Separate the samples that Stop cut off; copy nothing if there are none."""
    samples = parts["samples"]
    cut = samples["error"] == Failure.ABORTED
    cut_off = {name: column[cut] for name, column in samples.items()}
    if cut.any():
        samples = {name: column[~cut] for name, column in samples.items()}
    return Lane(samples, parts["health"], parts["neighbour"], parts["chunks"], cut_off)


class _Gathered:
    """Columns that grow in place, so that a million samples are never copied."""

    def __init__(self, kind: str) -> None:
        codes = {name: frame.TYPE_CODES[word] for name, word in frame.COLUMNS[kind].items()}
        self._columns = {name: array(code) for name, code in codes.items()}
        self._rounds = array("i")

    def take(self, part: frame.Frame) -> None:
        """Add the rows of a frame."""
        for name, column in self._columns.items():
            if name in part.columns:
                column.frombytes(memoryview(part.columns[name]).cast("B"))
            else:  # an older run, whose probe did not report it
                column.extend([frame.UNKNOWN] * part.rows)
        self._rounds.extend([part.round] * part.rows)

    def columns(self) -> dict[str, Integers]:
        """Return the columns as NumPy arrays on the same memory."""
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
