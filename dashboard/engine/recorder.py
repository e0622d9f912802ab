"""The engine's memory: one preallocated row a request, written in the order of completion.

So the rows since the last frame are always one slice of each column, and cutting a frame
costs nothing to speak of. While the pipe is full no frame is cut: the rows wait here,
nothing is lost, and memory stays what it was from the beginning.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from dashboard.wire import frame
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.plan import Firing

MAX_FRAME_ROWS = 20_000


class Log:
    """Append-only columns of one kind of frame, preallocated for `rows`; knows what was taken."""

    def __init__(self, kind: str, rows: int) -> None:
        self.kind = kind
        self.columns: dict[str, array[int]] = {
            name: array(frame.TYPE_CODES[type_name], [0]) * rows
            for name, type_name in frame.COLUMNS[kind].items()
        }
        self.rows = 0
        self._taken = 0

    def take(self, most: int) -> Mapping[str, memoryview] | None:
        """Views on at most `most` rows that were not taken yet; None when there are none."""
        begin, end = self._taken, min(self.rows, self._taken + most)
        if begin == end:
            return None
        self._taken = end
        return {name: memoryview(column)[begin:end] for name, column in self.columns.items()}


class Recorder:
    """What happened to each request of a firing. It is given instants of the monotonic clock
    and keeps them relative to `origin_ns`, the burst's start.
    """

    def __init__(self, firing: Firing, origin_ns: int) -> None:
        self.origin_ns = origin_ns
        self._lane, self._round = firing.lane, firing.round
        self.samples = Log("samples", firing.load.requests)
        # Each request is begun at most twice: when due and, if that was later, when sent.
        self.begun = Log("begun", 2 * firing.load.requests)
        self._samples_columns = tuple(self.samples.columns.values())
        self._begun_columns = tuple(self.begun.columns.values())

    def begin(self, request: int, due: int, sent_first: int) -> None:
        """A request became due, or (`sent_first` known) is being sent."""
        log, origin = self.begun, self.origin_ns
        row = log.rows
        requests, dues, sents = self._begun_columns
        requests[row] = request
        dues[row] = due - origin
        sents[row] = sent_first if sent_first == UNKNOWN else sent_first - origin
        log.rows = row + 1

    def finish(  # noqa: PLR0917 - the hot path: keywords would cost
        self,
        request: int,
        due: int,
        connecting: int,
        sent: int,
        stamps: tuple[int, int, int, int],
        first_byte: int,
        done: int,
        status: int,
        error: int,
    ) -> None:
        """A request is over, however it ended. `stamps` are the probe's, as in its header."""
        origin, row = self.origin_ns, self.samples.rows
        (
            requests, dues, connectings, sent_firsts, sents, entereds, view_entereds,
            view_lefts, first_bytes, dones, statuses, errors, processes,
        ) = self._samples_columns  # fmt: skip
        entered, view_entered, view_left, process = stamps
        requests[row] = request
        dues[row] = due - origin
        connectings[row] = connecting if connecting == UNKNOWN else connecting - origin
        sent_firsts[row] = sents[row] = sent if sent == UNKNOWN else sent - origin
        entereds[row] = entered if entered == UNKNOWN else entered - origin
        view_entereds[row] = view_entered if view_entered == UNKNOWN else view_entered - origin
        view_lefts[row] = view_left if view_left == UNKNOWN else view_left - origin
        first_bytes[row] = first_byte if first_byte == UNKNOWN else first_byte - origin
        dones[row] = done - origin
        statuses[row] = status
        errors[row] = error
        processes[row] = process
        self.samples.rows = row + 1

    def next_frame(self) -> bytes | None:
        """A frame of what has come since the last one; None when nothing has."""
        for log in (self.begun, self.samples):
            columns = log.take(MAX_FRAME_ROWS)
            if columns:
                return frame.encode(
                    log.kind,
                    lane=self._lane,
                    round=self._round,
                    origin_ns=self.origin_ns,
                    columns=columns,
                )
        return None
