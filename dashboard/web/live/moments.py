"""What a viewer of a live run received, reconstructed from the stored frames.

Frames follow in stored order, each at its newest timestamp. What is not stored is derived: the
events `began`, `fired` and `discarded`, and the `begun` frames. These need to look ahead, because
a sample is stored when its request has finished.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import chain, groupby
from typing import NamedTuple

from dashboard.models import Run
from dashboard.wire import frame
from dashboard.wire.events import ViewerEvent
from dashboard.wire.frame import COLUMNS, NOT_STORED, TYPE_CODES, UNKNOWN, Frame
from dashboard.wire.units import NS_PER_MS, NS_PER_S

LONGEST_PAUSE_NS = NS_PER_S  # between two firings
STORING_NS = 100 * NS_PER_MS  # from a request's end until its sample is stored, at most
AHEAD_ROWS = 20_000  # a request whose sample is further ahead begins late


@dataclass(frozen=True)
class Moment:
    """An event or an encoded frame, and its time since the start of the replay, in run time."""

    at_ns: int
    event: ViewerEvent | None = None
    sequence: int = NOT_STORED
    data: bytes = b""


@dataclass(frozen=True)
class _Stored:
    sequence: int
    data: bytes
    frame: Frame

    @property
    def firing(self) -> tuple[int, int]:
        """Lane and round."""
        return self.frame.lane, self.frame.round

    @property
    def samples(self) -> int:
        """The number of samples."""
        return self.frame.rows if self.frame.kind == "samples" else 0

    @property
    def newest_ns(self) -> int:
        """Its newest timestamp, or 0 if it has none."""
        columns = self.frame.columns
        return max(columns.get("done", columns.get("at", ())), default=0)


class _Start(NamedTuple):
    """The moment at which a request was due, or was sent."""

    at_ns: int
    request: int
    due: int
    sent_first: int


def moments(run: Run, frames: Iterator[tuple[int, bytes]], piece_ns: int) -> Iterator[Moment]:
    """Yield all events and frames of a run in order; times never decrease."""
    stored = (_Stored(sequence, data, frame.decode(data)) for sequence, data in frames)
    now_ns = ended_ns = last_round = 0
    for (lane, round_), firing in groupby(stored, key=lambda stored: stored.firing):
        if round_ != last_round:
            yield from _discarded(run, last_round, now_ns)
        first = next(firing)
        origin_ns = first.frame.origin_ns
        if ended_ns:
            now_ns += min(max(0, origin_ns - ended_ns), LONGEST_PAUSE_NS)
        yield Moment(now_ns, {"event": "began", "lane": lane, "round": round_})
        length_ns = 0
        for moment in _firing_moments(chain([first], firing), piece_ns):
            length_ns = max(length_ns, moment.at_ns)
            yield replace(moment, at_ns=now_ns + length_ns)
        now_ns, ended_ns, last_round = now_ns + length_ns, origin_ns + length_ns, round_
        yield Moment(now_ns, {"event": "fired", "lane": lane, "round": round_})
    yield from _discarded(run, last_round, now_ns)
    yield Moment(now_ns, {"event": "finished", "status": run.status})


def _discarded(run: Run, round_: int, now_ns: int) -> Iterator[Moment]:
    if round_ in run.discarded_rounds:
        yield Moment(now_ns, {"event": "discarded", "round": round_})


def _firing_moments(firing: Iterator[_Stored], piece_ns: int) -> Iterator[Moment]:
    """Yield the frames of one firing, each after the starts of requests before it.

    Between them the clock ticks, so that bars grow while nothing begins or ends.
    """
    starts = _Starts(piece_ns)
    ticks = _Ticks(piece_ns)
    for stored in _read_ahead(firing, starts.add):
        # Samples are stored some time after their requests have finished, so health is ahead.
        ahead_ns = 0 if stored.samples else STORING_NS
        for piece in _pieces(stored, piece_ns):
            for moment in (*starts.until(piece.at_ns, stored.frame), piece):
                yield from ticks.until(moment.at_ns - ahead_ns, stored.frame)
                yield moment


def _read_ahead(firing: Iterator[_Stored], add: Callable[[Frame], None]) -> Iterator[_Stored]:
    """Yield each frame once `add` has received about AHEAD_ROWS samples after it."""
    ahead: deque[_Stored] = deque()
    rows = 0
    for stored in firing:
        add(stored.frame)
        ahead.append(stored)
        rows += stored.samples
        while rows > AHEAD_ROWS:
            rows -= ahead[0].samples
            yield ahead.popleft()
    yield from ahead


def _pieces(stored: _Stored, piece_ns: int) -> Iterator[Moment]:
    """Yield the stored frame at its end, and its earlier samples before it as they finished.

    A page ignores samples that it has, so it loses nothing if it skips the pieces.
    """
    samples = stored.frame
    if samples.kind == "samples" and samples.columns.keys() == COLUMNS["samples"].keys():
        done = samples.columns["done"]
        in_order = sorted(range(samples.rows), key=done.__getitem__)
        by_piece = groupby(in_order, key=lambda row: done[row] // piece_ns)
        pieces = [list(rows) for _, rows in by_piece]
        for rows in pieces[:-1]:
            columns = {
                name: array(TYPE_CODES[code], [samples.columns[name][row] for row in rows])
                for name, code in COLUMNS["samples"].items()
            }
            yield Moment(done[rows[-1]], data=frame.encode_like(samples, "samples", columns))
    yield Moment(stored.newest_ns, sequence=stored.sequence, data=stored.data)


class _Starts:
    """When requests were due and sent, from samples that were read but not yielded yet."""

    def __init__(self, piece_ns: int) -> None:
        self._piece_ns = piece_ns
        self._heap: list[_Start] = []

    def add(self, samples: Frame) -> None:
        """Add the requests of a frame, except those that finish in the piece they begin in."""
        if samples.kind != "samples":
            return
        names = ("request", "due", "sent_first", "done")
        for request, due, sent, done in zip(*map(samples.columns.__getitem__, names), strict=True):
            due_piece, sent_piece, done_piece = (at // self._piece_ns for at in (due, sent, done))
            if due_piece == done_piece:
                continue
            together = sent != UNKNOWN and sent_piece == due_piece
            heappush(self._heap, _Start(due, request, due, sent if together else UNKNOWN))
            if sent != UNKNOWN and due_piece < sent_piece < done_piece:
                heappush(self._heap, _Start(sent, request, due, sent))

    def until(self, end_ns: int, like: Frame) -> Iterator[Moment]:
        """Yield a `begun` frame for each piece with starts before `end_ns`, at its newest start."""
        before: list[_Start] = []
        while self._heap and self._heap[0].at_ns < end_ns:
            before.append(heappop(self._heap))
        for _, piece in groupby(before, key=lambda start: start.at_ns // self._piece_ns):
            starts = list(piece)
            rows = [{name: getattr(start, name) for name in COLUMNS["begun"]} for start in starts]
            columns = frame.rows_to_columns("begun", rows)
            yield Moment(starts[-1].at_ns, data=frame.encode_like(like, "begun", columns))


class _Ticks:
    """The clock of one firing: up to each edge of a piece, everything that finished was yielded."""

    def __init__(self, piece_ns: int) -> None:
        self._piece_ns = self._next_ns = piece_ns

    def until(self, end_ns: int, like: Frame) -> Iterator[Moment]:
        """Yield a `begun` frame without rows for each edge up to `end_ns`."""
        while self._next_ns <= end_ns:
            columns = frame.rows_to_columns("begun", [])
            data = frame.encode_like(like, "begun", columns, {"at_ns": self._next_ns})
            yield Moment(self._next_ns, data=data)
            self._next_ns += self._piece_ns
