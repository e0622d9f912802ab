"""Writes doubles.json beside it: what Python and the page's JavaScript both keep.

After a change: `python manage.py shell -c "from tests.golden import doubles; doubles.write()"`.
A Python test holds the file to be current, a JavaScript test holds static/js to the file.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from dashboard.analysis.overtime import HOLDS_MS
from dashboard.analysis.stats import SEGMENTS
from dashboard.models import ACTIVE, Status
from dashboard.runs.firings import WARM_UP_REQUESTS
from dashboard.runs.thinning import BIN_RATIO, BINS
from dashboard.wire import frame
from dashboard.wire.failure import failure_names

HERE = Path(__file__).parent
DOCUMENTED = HERE.parents[1] / "docs" / "frame.md"


def doubles() -> dict[str, Any]:
    """Return each of these lists and numbers as Python knows it; events as they are documented."""
    told = DOCUMENTED.read_text().partition("### To the page")[2].partition("###")[0]
    return {
        "failures": failure_names(),
        "columns": {kind: dict(columns) for kind, columns in frame.COLUMNS.items()},
        "types": {
            name: memoryview(bytes(8)).cast(code).itemsize
            for name, code in frame.TYPE_CODES.items()
        },
        "not_stored": frame.NOT_STORED,
        "events": re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE),
        "statuses": [str(status) for status in Status],
        "active": [str(status) for status in ACTIVE],
        "segments": list(SEGMENTS),
        "bins": BINS,
        "bin_ratio": BIN_RATIO,
        "warm_up": WARM_UP_REQUESTS,
        "holds_ms": HOLDS_MS,
    }


def write() -> None:
    """Write the file."""
    (HERE / "doubles.json").write_text(json.dumps(doubles(), indent=1) + "\n")
