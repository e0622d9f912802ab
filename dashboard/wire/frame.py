"""Frames: columnar blocks, one format for pipe, websocket, database and replay.

The specification is docs/frame.md; tests/golden/ holds frames that Python and JavaScript
both decode. Columns are little-endian and start at multiples of 8 bytes, so that a browser
can view them as typed arrays without copying.
"""

from __future__ import annotations

import json
import struct
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, TypedDict, cast

from .errors import FrameError
from .untrusted import decode_json

MAGIC: Final = b"LBF1"
WARM_UP_ROUND: Final = 0  # stored and drawn faint, never counted
UNKNOWN: Final = -1  # in a signed column: not known
NO_VIEW: Final = -2  # in `view_entered`: Django responded without calling a view

Buffer: TypeAlias = "memoryview | array[int]"

# The name of a type on the wire, and its `array` and `memoryview` code.
TYPE_CODES: Final[Mapping[str, Literal["B", "H", "I", "i", "q"]]] = {
    "u1": "B",
    "u2": "H",
    "u4": "I",
    "i4": "i",
    "i8": "q",
}

# Instants are nanoseconds since the firing's origin; lengths of time are nanoseconds.
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "begun": {"request": "u4", "due": "i8", "sent_first": "i8"},
    "samples": {
        "request": "u4",
        "due": "i8",
        "connecting": "i8",
        "sent_first": "i8",
        "sent": "i8",
        "entered": "i8",
        "view_entered": "i8",
        "view_left": "i8",
        "first_byte": "i8",
        "done": "i8",
        "status": "u2",
        "error": "u1",
        "process": "i4",
    },
    # The samples of a dense stream that are not sent as rows: for viewers alone.
    "counts": {"done": "i8", "bin": "u2", "failed": "u1", "requests": "u4"},
    # The pieces of responses, if they are recorded.
    "chunks": {"request": "u4", "chunks": "u4", "longest_gap": "i8"},
    # The bystander's requests: fired beside the load, and never part of it.
    "neighbour": {
        "request": "u4",
        "due": "i8",
        "sent_first": "i8",
        "done": "i8",
        "status": "u2",
        "error": "u1",
    },
    "health": {
        "at": "i8",
        "process": "i4",
        "in_app": "i4",
        "in_view": "i4",
        "peak_in_app": "i4",
        "peak_in_view": "i4",
        "requests": "i4",
        "loop_lag": "i8",
        "loop_held": "i8",
        "threads": "i4",
        "threads_started": "i4",
        "rss": "i8",
        "cpu": "i8",
        "switches": "i8",
        # Later columns: frames of older runs lack them.
        "loop_held_by": "i4",
        "loop_in_view": "i8",
        "loop_in_app": "i8",
        "loop_elsewhere": "i8",
        "neighbour_requests": "i4",
        "neighbour_threads_started": "i4",
        "connections_open": "i4",
        "connections_waiting": "i4",
    },
}

NOT_STORED: Final = 2**32 - 1  # the sequence number of frames that are not stored

_PREFIX = struct.Struct("<4sI")
_ENVELOPE = struct.Struct("<II")


class FrameExtra(TypedDict, total=False):
    """The header fields that only some kinds have; docs/frame.md describes them by kind."""

    at_ns: int
    engine: int
    engines: int
    snapshot: int
    every: int
    stands_for: int
    in_flight: int


class _Header(TypedDict):
    kind: str
    lane: int
    round: int
    origin_ns: int
    rows: int
    columns: list[object]


@dataclass(frozen=True)
class Frame:
    """A decoded frame. `columns` are views of `data`, its bytes, not copies.

    `extra` has the header fields of its kind. A frame is decoded once, where it enters the process,
    and passed on decoded: to sinks, viewers and the analysis.
    """

    kind: str
    lane: int
    round: int
    origin_ns: int
    rows: int
    columns: Mapping[str, memoryview]
    extra: FrameExtra = field(default_factory=FrameExtra)
    data: bytes = field(default=b"", repr=False, compare=False)


def encode(
    kind: str,
    *,
    lane: int,
    round: int,
    origin_ns: int,
    columns: Mapping[str, Buffer],
    extra: FrameExtra | None = None,
) -> bytes:
    """Return a frame from a buffer for each column of `COLUMNS[kind]`, all equally long.

    `extra` are further fields of the header.
    """
    types = COLUMNS[kind]
    views = [memoryview(columns[name]).cast("B") for name in types]
    rows = len(columns[next(iter(types))])
    header = {
        "kind": kind,
        "lane": lane,
        "round": round,
        "origin_ns": origin_ns,
        "rows": rows,
        "columns": list(types.items()),
        **(extra or {}),
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    parts: list[bytes | memoryview] = [_PREFIX.pack(MAGIC, len(text)), text]
    for view in views:
        parts += (view, bytes(-len(view) % 8))
    return b"".join(parts)


def encode_like(
    like: Frame, kind: str, columns: Mapping[str, Buffer], extra: FrameExtra | None = None
) -> bytes:
    """Return a frame of the same firing as `like`, as `encode` makes it."""
    return encode(
        kind,
        lane=like.lane,
        round=like.round,
        origin_ns=like.origin_ns,
        columns=columns,
        extra=extra,
    )


def decode(data: bytes | memoryview) -> Frame:
    """Read one frame; raises FrameError for other bytes and incomplete frames."""
    view = memoryview(data)
    header, position = _read_header(view)
    columns: dict[str, memoryview] = {}
    for name, kind in _column_types(header):
        code = TYPE_CODES[kind]
        size = header["rows"] * struct.calcsize(code)
        if position + size > len(view):
            raise FrameError(f"column {name}: expected {size} bytes, the frame ends before")
        columns[name] = view[position : position + size].cast(code)
        position += size + -size % 8
    return Frame(
        header["kind"],
        header["lane"],
        header["round"],
        header["origin_ns"],
        header["rows"],
        columns,
        _extra_in(header),
        data if isinstance(data, bytes) else bytes(data),
    )


def _extra_in(header: _Header) -> FrameExtra:
    extra = {name: value for name, value in header.items() if name not in _HEADER_TYPES}
    return cast(FrameExtra, extra)


def _read_header(view: memoryview) -> tuple[_Header, int]:
    if len(view) < _PREFIX.size:
        raise FrameError(f"expected at least {_PREFIX.size} bytes, found {len(view)}")
    magic, length = _PREFIX.unpack_from(view)
    if magic != MAGIC:
        raise FrameError(f"expected a frame that begins with {MAGIC!r}, found {magic!r}")
    end = _PREFIX.size + length
    try:
        header = decode_json(bytes(view[_PREFIX.size : end]))
        for name, kind in _HEADER_TYPES.items():
            if not isinstance(header[name], kind):
                raise FrameError(f"header: expected {name} to be {kind.__name__}")
        return cast(_Header, header), end
    except (ValueError, KeyError, TypeError) as error:
        raise FrameError(f"header: expected a JSON object of a frame, found {error!r}") from None


def _column_types(header: _Header) -> Iterator[tuple[str, str]]:
    if header["rows"] < 0:
        raise FrameError(f"header: expected rows to be 0 or more, found {header['rows']}")
    for entry in header["columns"]:
        match entry:
            case [str(name), str(kind)] if kind in TYPE_CODES:
                yield name, kind
            case _:
                raise FrameError(
                    f"header: expected columns as [name, {' | '.join(TYPE_CODES)}], found {entry!r}"
                )


_HEADER_TYPES: Final = {
    "kind": str,
    "lane": int,
    "round": int,
    "origin_ns": int,
    "rows": int,
    "columns": list,
}


def rows_to_columns(kind: str, rows: Sequence[Mapping[str, int]]) -> dict[str, array[int]]:
    """Turn rows (dicts) into the columns of `kind`; a missing value is UNKNOWN."""
    return {
        name: array(TYPE_CODES[code], [row.get(name, UNKNOWN) for row in rows])
        for name, code in COLUMNS[kind].items()
    }


def encode_event(event: Mapping[str, object]) -> bytes:
    """Return an event as bytes: JSON, padded so that the next envelope is aligned."""
    text = json.dumps(event, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8)


def is_event(payload: bytes | memoryview) -> bool:
    """Return whether a payload is an event, which is a JSON object, and not a frame."""
    return bytes(payload[:1]) == b"{"


def envelop(sequence: int, payload: bytes) -> bytes:
    """Put a payload (frame or event) into its envelope: length and sequence number."""
    return _ENVELOPE.pack(len(payload), sequence) + payload


class EnvelopeReader:
    """Cuts a byte stream into envelopes, however it is split."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (sequence, payload) for each envelope that `data` completes."""
        self._pending += data
        while len(self._pending) >= _ENVELOPE.size:
            length, sequence = _ENVELOPE.unpack_from(self._pending)
            end = _ENVELOPE.size + length
            if len(self._pending) < end:
                return
            payload = bytes(self._pending[_ENVELOPE.size : end])
            del self._pending[:end]
            yield sequence, payload
