"""A stored run told once more, at its own pace or another: as it was told while it was live.

Frames come in the order in which they were stored, at the time of their newest stamp. What was
never stored is made of what was: `began`, `fired`, `discarded`, and the `begun` frames, which
need a look ahead, since a sample is stored when its request is over.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import chain, groupby, islice
from typing import Any

from asgiref.sync import sync_to_async

from dashboard.models import Run, Status
from dashboard.runs.live.hub import Viewer
from dashboard.runs.reports.results import frames_of
from dashboard.web.run.run_view import RunView, view_of
from dashboard.wire import frame
from dashboard.wire.frame import COLUMNS, NOT_STORED, TYPE_CODES, UNKNOWN, Frame
from dashboard.wire.units import NS_PER_S

SPEEDS = (0.25, 1.0, 4.0)
PIECE_NS = 50_000_000  # of the viewer's time: so often something comes at least
LONGEST_PAUSE_NS = NS_PER_S  # of the run's time, between two firings
AHEAD_ROWS = 20_000  # requests in flight that are further ahead begin late
FRAMES_AT_A_TIME = 20  # read from the database
MOMENTS_AT_A_TIME = 8  # made before they are told


@dataclass(frozen=True)
class Moment:
    """Something to tell, so long after the replay began, in the run's own time."""

    at_ns: int
    event: Mapping[str, Any] | None = None
    sequence: int = NOT_STORED
    data: bytes = b""


@dataclass(frozen=True)
class _Stored:
    sequence: int
    data: bytes
    frame: Frame

    @property
    def samples(self) -> int:
        return self.frame.rows if self.frame.kind == "samples" else 0

    @property
    def newest_ns(self) -> int:
        """Its newest stamp; 0 where it has none."""
        columns = self.frame.columns
        return max(columns.get("done", columns.get("at", ())), default=0)


def speed_of(text: str) -> float | None:
    """One of the speeds; None for anything else."""
    return next((speed for speed in SPEEDS if text == f"{speed:g}"), None)


def as_it_began(run: Run, speed: float) -> RunView:
    """The run as its page showed it at its beginning, for the picture to grow again."""
    begun = copy(run)  # never saved
    begun.status, begun.report = Status.RUNNING, None
    begun.discarded_rounds, begun.warnings = [], []
    begun.problem = begun.log_tail = ""
    view = view_of(begun)
    return replace(view, data={**view.data, "replay": speed})


async def replay(
    viewer: Viewer,
    run: Run,
    speed: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Tell one viewer the run from its beginning, `speed` times as quickly as it went.

    Whoever falls behind skips frames, as in a run that is live. `clock` is in seconds.
    """
    told = moments(run, stored_frames(run.pk), round(PIECE_NS * speed))
    some = sync_to_async(lambda: list(islice(told, MOMENTS_AT_A_TIME)))
    began_s = clock()
    while found := await some():
        for moment in found:
            early_s = moment.at_ns / NS_PER_S / speed - (clock() - began_s)
            if early_s > 0:
                await sleep(early_s)
            if moment.event is None:
                viewer.put_frame(moment.sequence, frame.envelop(moment.sequence, moment.data))
            else:
                viewer.put_event({**moment.event, "run": run.pk})


def stored_frames(run_id: str) -> Iterator[tuple[int, bytes]]:
    """The stored frames, some at a time, so that no reading of the database lasts long."""
    begin = 0
    while found := list(frames_of(run_id, begin, begin + FRAMES_AT_A_TIME)):
        yield from found
        begin += FRAMES_AT_A_TIME


def moments(run: Run, frames: Iterator[tuple[int, bytes]], piece_ns: int) -> Iterator[Moment]:
    """All that there is to tell, in order; times never go back."""
    stored = (_Stored(sequence, data, frame.decode(data)) for sequence, data in frames)
    now_ns = ended_ns = last_round = 0
    for (lane, number), firing in groupby(stored, key=_firing_of):
        if number != last_round and last_round in run.discarded_rounds:
            yield Moment(now_ns, {"event": "discarded", "round": last_round})
        first = next(firing)
        origin_ns = first.frame.origin_ns
        if ended_ns:
            now_ns += min(max(0, origin_ns - ended_ns), LONGEST_PAUSE_NS)
        which = {"lane": lane, "round": number}
        yield Moment(now_ns, {"event": "began", **which})
        length_ns = 0
        for moment in _told(chain([first], firing), piece_ns):
            length_ns = max(length_ns, moment.at_ns)
            yield replace(moment, at_ns=now_ns + length_ns)
        now_ns, ended_ns, last_round = now_ns + length_ns, origin_ns + length_ns, number
        yield Moment(now_ns, {"event": "fired", **which})
    if last_round in run.discarded_rounds:
        yield Moment(now_ns, {"event": "discarded", "round": last_round})
    yield Moment(now_ns, {"event": "finished", "status": run.status})


def _firing_of(stored: _Stored) -> tuple[int, int]:
    return stored.frame.lane, stored.frame.round


def _told(firing: Iterator[_Stored], piece_ns: int) -> Iterator[Moment]:
    """The frames of one firing, and before each the bars that begin until then."""
    ahead: deque[_Stored] = deque()
    starts = _Starts(piece_ns)
    rows = 0
    for read in firing:
        ahead.append(read)
        starts.take(read.frame)
        rows += read.samples
        while rows > AHEAD_ROWS:
            rows -= ahead[0].samples
            yield from _with_starts(ahead.popleft(), starts, piece_ns)
    for stored in ahead:
        yield from _with_starts(stored, starts, piece_ns)


def _with_starts(stored: _Stored, starts: _Starts, piece_ns: int) -> Iterator[Moment]:
    for piece in _pieces(stored, piece_ns):
        yield from starts.until(piece.at_ns, stored.frame)
        yield piece


def _pieces(stored: _Stored, piece_ns: int) -> Iterator[Moment]:
    """The frame as it is stored, at its end; what was done long before then comes before, too.

    A reader takes no sample twice, so the pieces may be lost on the way.
    """
    found = stored.frame
    if found.kind == "samples" and found.columns.keys() == COLUMNS["samples"].keys():
        done = found.columns["done"]
        in_order = sorted(range(found.rows), key=done.__getitem__)
        by_piece = groupby(in_order, key=lambda row: done[row] // piece_ns)
        pieces = [list(rows) for _, rows in by_piece]
        for rows in pieces[:-1]:
            columns = {
                name: array(TYPE_CODES[code], [found.columns[name][row] for row in rows])
                for name, code in COLUMNS["samples"].items()
            }
            yield Moment(done[rows[-1]], data=_encoded("samples", found, columns))
    yield Moment(stored.newest_ns, sequence=stored.sequence, data=stored.data)


class _Starts:
    """When requests were due and sent, of those that are read and not told yet."""

    def __init__(self, piece_ns: int) -> None:
        self._piece_ns = piece_ns
        self._heap: list[tuple[int, int, int, int]] = []  # when, request, due, sent_first

    def take(self, found: Frame) -> None:
        """Remember the requests of a frame; not those that are over in the piece they begin in."""
        if found.kind != "samples":
            return
        names = ("request", "due", "sent_first", "done")
        for request, due, sent, done in zip(*map(found.columns.__getitem__, names), strict=True):
            begun, written, over = (at // self._piece_ns for at in (due, sent, done))
            if begun == over:
                continue
            soon = sent != UNKNOWN and written == begun
            heappush(self._heap, (due, request, due, sent if soon else UNKNOWN))
            if sent != UNKNOWN and begun < written < over:
                heappush(self._heap, (sent, request, due, sent))

    def until(self, end_ns: int, like: Frame) -> Iterator[Moment]:
        """`begun` frames of what starts before then, a piece each, at its newest start."""
        while self._heap and self._heap[0][0] < end_ns:
            piece = self._heap[0][0] // self._piece_ns
            rows: list[tuple[int, int, int, int]] = []
            while (
                self._heap
                and self._heap[0][0] < end_ns
                and self._heap[0][0] // self._piece_ns == piece
            ):
                rows.append(heappop(self._heap))
            names = COLUMNS["begun"]
            columns = frame.rows_to_columns(
                "begun", [dict(zip(names, row[1:], strict=True)) for row in rows]
            )
            yield Moment(rows[-1][0], data=_encoded("begun", like, columns))


def _encoded(kind: str, like: Frame, columns: Mapping[str, array[int]]) -> bytes:
    """A frame of the same firing."""
    return frame.encode(
        kind, lane=like.lane, round=like.round, origin_ns=like.origin_ns, columns=columns
    )
