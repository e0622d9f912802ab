"""Writes what other readers are held to: `python -m tests.golden.make`, after a change of format.

The golden frames are beside it. `dense` writes a dense stream, `contract` the report's JSON Schema
and the page's types, `openapi` the addresses, `doubles` what the page's JavaScript duplicates.

The numbers are chosen to catch a lazy reader: beyond 32 bits, unknown, odd row counts, UTF-8.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import django

from dashboard.wire import frame
from dashboard.wire.units import NS_PER_MS as MS

from . import contract, dense

HERE = Path(__file__).parent

SAMPLES = [
    {
        "request": 0, "due": 0, "connecting": 10_000, "sent_first": 200_000, "sent": 200_000,
        "entered": 450_001, "view_entered": 700_000, "view_left": 100 * MS + 700_000,
        "first_byte": 101 * MS, "done": 101 * MS + 5_000, "status": 200, "error": 0,
        "process": 4242,
    },
    {
        "request": 1, "due": 0, "sent_first": 300_000, "sent": 300_000,
        "done": 30_000 * MS, "status": 0, "error": 4,
    },
    {
        "request": 4_294_967_294, "due": 2**40, "sent_first": 2**40 + 1, "sent": 2**40 + 2,
        "entered": 2**40 + 3, "view_entered": 2**40 + 4, "view_left": 2**40 + 5,
        "first_byte": 2**52 - 2, "done": 2**52 - 1, "status": 500, "error": 8, "process": 7,
    },
]  # fmt: skip
HEALTH = [
    {
        "at": 50 * MS, "process": 4242, "in_app": 8, "in_view": 8, "peak_in_app": 8,
        "peak_in_view": 8, "requests": 16, "loop_lag": 301 * MS, "loop_held": 101 * MS,
        "threads": 11, "threads_started": 3, "rss": 61 * 2**20, "cpu": 5_000 * MS,
        "switches": 2**33, "loop_held_by": 1, "loop_in_view": 2**33 + 1, "loop_in_app": 70 * MS,
        "loop_elsewhere": 0, "neighbour_requests": 20, "neighbour_threads_started": 40,
        "connections_open": 4, "connections_waiting": 12,
    },
    {"at": 50 * MS, "process": 4241, "threads": 1, "rss": 2**33, "cpu": 1, "switches": 2},
]  # fmt: skip
BEGUN = [
    {"request": 0, "due": 0, "sent_first": -1},
    {"request": 1, "due": 0, "sent_first": 300_000},
]
BYSTANDER = [
    {"request": 0, "due": 0, "sent_first": 90_000, "done": 2 * MS, "status": 200, "error": 0},
    {"request": 1, "due": 50 * MS, "sent_first": 50 * MS, "done": 2**40, "status": 0, "error": 9},
]
CHUNKS = [
    {"request": 0, "chunks": 20, "longest_gap": 51 * MS},
    {"request": 1, "chunks": 1, "longest_gap": -1},
]
COUNTS = [
    {"done": 19 * MS, "bin": 921, "failed": 0, "requests": 700},
    {"done": 2**40, "bin": 3699, "failed": 1, "requests": 2**32 - 1},
    {"done": 2**40 + 1, "bin": 0, "failed": 0, "requests": 1},
]
EXTRA: dict[str, frame.FrameExtra] = {"counts": {"every": 8, "stands_for": 17, "in_flight": 64}}
ROWS = {
    "samples": SAMPLES,
    "health": HEALTH,
    "begun": BEGUN,
    "neighbour": BYSTANDER,
    "chunks": CHUNKS,
    "counts": COUNTS,
}


def main() -> None:
    """Write each kind's frame, and all rows as JSON for the JavaScript test."""
    expected = {}
    for kind, rows in ROWS.items():
        columns = frame.rows_to_columns(kind, rows)
        extra = EXTRA.get(kind, {})
        data = frame.encode(
            kind, lane=2, round=3, origin_ns=2**60 + 1, columns=columns, extra=extra
        )
        (HERE / f"{kind}.frame").write_bytes(data)
        expected[kind] = {name: list(column) for name, column in columns.items()}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    dense.write()
    contract.write()
    _write_with_django()


def _write_with_django() -> None:
    """Write what needs the forms or the models, and so Django's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from . import doubles, openapi

    openapi.write()
    doubles.write()


if __name__ == "__main__":
    main()
