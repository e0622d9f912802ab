"""Stored frames of a run, gathered into arrays: one `Lane` each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.wire import frame
from dashboard.wire.failure import Failure

Integers = npt.NDArray[np.integer]  # of the wire's own types: a million samples are many
Columns = Mapping[str, Integers]

WARM_UP = 0  # the round that is stored and never counted


@dataclass(frozen=True)
class Lane:
    """The counted rounds of one lane: columns as in docs/frame.md, and `round` beside them."""

    samples: Columns
    health: Columns

    @property
    def ok(self) -> npt.NDArray[np.bool_]:
        """Which samples succeeded; only these carry latencies."""
        ok: npt.NDArray[np.bool_] = self.samples["error"] == Failure.NONE
        return ok


def collect(
    frames: Iterable[bytes | memoryview], lanes: int, discarded: Collection[int] = ()
) -> list[Lane]:
    """Read `samples` and `health` frames in any order, without the warm-up and discarded rounds."""
    parts: dict[tuple[int, str], list[dict[str, Integers]]] = {}
    for data in frames:
        one = frame.decode(data)
        if one.round != WARM_UP and one.round not in discarded:
            columns: dict[str, Integers] = {
                name: np.array(column) for name, column in one.columns.items()
            }
            columns["round"] = np.full(one.rows, one.round, np.int32)
            parts.setdefault((one.lane, one.kind), []).append(columns)
    return [
        Lane(
            samples=_join("samples", parts.get((lane, "samples"), [])),
            health=_join("health", parts.get((lane, "health"), [])),
        )
        for lane in range(lanes)
    ]


def _join(kind: str, parts: list[dict[str, Integers]]) -> dict[str, Integers]:
    """Each column in one piece; its pieces are let go at once, so that nothing is held twice."""
    types = {**frame.COLUMNS[kind], "round": "i4"}
    return {
        name: np.concatenate([np.empty(0, f"<{code}"), *(part.pop(name) for part in parts)])
        for name, code in types.items()
    }
