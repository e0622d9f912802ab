"""Writes doubles.json and load.json beside it: what Python and the page's JavaScript both know.

After a change: `python -m tests.golden.make`. A Python test holds the files to be current,
JavaScript tests hold static/js to the files.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.analysis.samples.lane_samples import collect
from dashboard.analysis.samples.over_time import HOLDS_MS, load
from dashboard.analysis.samples.server_side import OF_ANY_PROCESS
from dashboard.analysis.samples.stats import SEGMENTS
from dashboard.models import ACTIVE, Status
from dashboard.runs.conduct.firing.firings import WARM_UP_REQUESTS
from dashboard.runs.live.sample_rule import BIN_RATIO, BINS
from dashboard.wire import frame
from dashboard.wire.failure import failure_names
from dashboard.wire.units import BYTES_PER_MIB as MB
from dashboard.wire.units import NS_PER_MS as MS

HERE = Path(__file__).parent
DOCUMENTED = HERE.parents[1] / "docs" / "frame.md"


def doubles() -> dict[str, Any]:
    """Return each of these lists and numbers as defined in Python; events as documented."""
    page_events = DOCUMENTED.read_text().partition("### To the page")[2].partition("###")[0]
    return {
        "failures": failure_names(),
        "columns": {kind: dict(columns) for kind, columns in frame.COLUMNS.items()},
        "types": {
            name: memoryview(bytes(8)).cast(code).itemsize
            for name, code in frame.TYPE_CODES.items()
        },
        "not_stored": frame.NOT_STORED,
        "events": re.findall(r"^\| `(\w+)` \|", page_events, re.MULTILINE),
        "statuses": [str(status) for status in Status],
        "active": [str(status) for status in ACTIVE],
        "segments": list(SEGMENTS),
        "bins": BINS,
        "bin_ratio": BIN_RATIO,
        "warm_up": WARM_UP_REQUESTS,
        "holds_ms": HOLDS_MS,
        "of_any_process": list(OF_ANY_PROCESS),
    }


def loads() -> list[dict[str, Any]]:
    """Return reports by chance, some of them without a reading, and what is drawn of each."""
    chance = random.Random(7)
    return [
        _load(_reports(chance), measure)
        for measure in ("rss", "threads", "cpu", "in_app", "loop_lag")
        for _ in range(4)
    ]


def _reports(chance: random.Random) -> list[dict[str, int]]:
    rows = []
    for process in (1, 2, 3):
        at_ms, ends_ms = chance.choice([0, 0, 120]), chance.choice([600, 2000])
        while at_ms < min(ends_ms, 1000):
            read = chance.random() < 0.6
            row = {"at": at_ms * MS + process, "process": process, "in_app": -1, "loop_lag": -1}
            row |= {name: chance.randrange(1, 2**30) if read else -1 for name in OF_ANY_PROCESS}
            if process > 1:
                row |= {"in_app": chance.randrange(9), "loop_lag": chance.randrange(10**8)}
            rows.append(row)
            at_ms += chance.choice([50, 50, 90, 300])
        if ends_ms < 1000:
            last = {"in_app": -1, "loop_lag": -1, "threads": 0, "rss": 0, "cpu": -1}
            rows.append({"at": ends_ms * MS + process, "process": process, **last})
    return rows


def _load(rows: list[dict[str, int]], measure: str) -> dict[str, Any]:
    columns = frame.rows_to_columns("health", rows)
    data = frame.encode("health", lane=0, round=1, origin_ns=0, columns=columns)
    (lane,) = collect([data], 1)
    drawn = load(lane, measure, np.arange(0.0, 1001, 20)) / (MB if measure == "rss" else 1)
    expected = [None if np.isnan(value) else value for value in drawn.tolist()]
    return {"measure": measure, "health": rows, "expected": expected}


def write() -> None:
    """Write both files."""
    (HERE / "load.json").write_text(json.dumps(loads()) + "\n")
    (HERE / "doubles.json").write_text(json.dumps(doubles(), indent=1) + "\n")
