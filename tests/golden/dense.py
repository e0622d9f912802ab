"""Writes dense.json beside it: a dense stream as stored, as sent to viewers, and what it holds.

After a change: `python -m tests.golden.make`. tests/runs/live/test_thinning.py holds the server to
the file, tests/js/dense.test.js the page.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from dashboard.runs.live.sample_rule import bins, in_sample
from dashboard.runs.live.thinning import Thinning
from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.units import NS_PER_MS as MS

FILE = Path(__file__).parent / "dense.json"
# Response times whose bin the server and the page must agree on.
TIMES_NS = [-5, 0, 1, 9_999, 10_000, 10_001, 10_050, 10_051, 999_999, MS, 3 * MS + 7, 10**9, 2**60]
EVERY = 8
# A stream that is dense by small numbers.
DENSE_RPS, SAMPLE_RPS, FRAMES, ROWS, FRAME_NS = 60, 20, 5, 24, 40 * MS


def dense() -> dict[str, Any]:
    """Return the contents of the file."""
    thinning = Thinning(DENSE_RPS, SAMPLE_RPS)
    stored, sent, held = [], [], []
    total = dict.fromkeys(("begun", "finished", "failed", "cut_off"), 0)
    for sequence, data in _stream():
        decoded = frame.decode(data)
        if sequence == frame.NOT_STORED:
            total["begun"] += decoded.rows
        else:
            stored.append([sequence, _text(data)])
            errors = list(decoded.columns["error"])
            total["finished"] += decoded.rows
            total["cut_off"] += errors.count(Failure.ABORTED)
            total["failed"] += decoded.rows - errors.count(0) - errors.count(Failure.ABORTED)
        replacement = thinning.replacement(sequence, decoded)
        if replacement is None:
            sent.append([[sequence, _text(data)]])
        else:
            sent.append([[frame.NOT_STORED, _text(part)] for part in replacement])
        held.append(dict(total))
    numbers = np.arange(64, dtype=np.uint32)
    return {
        "bins": {str(time_ns): int(bins(np.array([time_ns]))[0]) for time_ns in TIMES_NS},
        "every": EVERY,
        "in_sample": numbers[in_sample(numbers, EVERY)].tolist(),
        "requests": FRAMES * ROWS,
        "stored": stored,
        "sent": sent,
        "held": held,
    }


def _stream() -> Iterator[tuple[int, bytes]]:
    """Yield `begun` and `samples` frames in turn; the last requests are aborted by Stop."""
    random = Random(7)
    for number in range(FRAMES):
        requests = range(number * ROWS, (number + 1) * ROWS)
        begun = [{"request": request, "due": number * FRAME_NS} for request in requests]
        yield frame.NOT_STORED, _encode("begun", begun)
        done_ns = sorted(random.randrange(FRAME_NS) for _ in requests)
        aborted = number == FRAMES - 1
        samples = [
            {
                "request": request,
                "due": number * FRAME_NS,
                "done": (number + 1) * FRAME_NS + done,
                "status": 0 if aborted else 200,
                "error": Failure.ABORTED if aborted else random.choice([0, 0, Failure.RESET]),
            }
            for request, done in zip(requests, done_ns, strict=True)
        ]
        yield number, _encode("samples", samples)


def _encode(kind: str, rows: list[dict[str, int]]) -> bytes:
    columns = frame.rows_to_columns(kind, rows)
    return frame.encode(kind, lane=1, round=2, origin_ns=7, columns=columns)


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def write() -> None:
    """Write the file."""
    FILE.write_text(json.dumps(dense()) + "\n")
