"""A sampled lane made by hand, and how it is stored in the home of another process.

Without Django, which the program that takes pictures of the page does without.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from dashboard.analysis.where.times import sum_of
from dashboard.wire.report.where import LaneWhere, Line, Stack, StackFrame, State, TimeByState

REQUESTS = 100
SOURCE = [
    "async def report(request):",
    '    """Return what the API says."""',
    "    parameters = {'delay': 0.05}",
    "    answer = requests.get(API, parameters)",
    "    return JsonResponse(answer.json())",
    "",
    "",
]
FRAMES: list[StackFrame] = [
    {"path": "django/core/handlers/base.py", "line": 253, "function": "g", "project": False},
    {"path": "shop/views.py", "line": 42, "function": "report", "project": True},
    {"path": "requests/api.py", "line": 73, "function": "get", "project": False},
    {"path": "urllib3/connection.py", "line": 461, "function": "getresponse", "project": False},
    {"path": "shop/views.py", "line": 43, "function": "report", "project": True},
    {"path": "asyncio/tasks.py", "line": 665, "function": "sleep", "project": False},
]


def lane_where(lane: str, state: State) -> LaneWhere:
    """Return a lane that spent 81 % at one line in a state, 16 % at the next, the rest outside."""
    first, second, rest = _times(state, 4050.0), _times("cpu", 800.0), _times("awaiting", 150.0)
    return {
        "lane": lane,
        "requests": REQUESTS,
        "ms": sum_of([first, second, rest]),
        "lines": [
            _line(42, "requests.get", first, 0.81, REQUESTS),
            _line(43, "", second, 0.16, 64),
        ],
        "frames": FRAMES,
        "stacks": [
            _stack(state, [0, 1, 2, 3], 810, 4050.0),
            _stack("cpu", [0, 4], 160, 800.0),
            _stack("awaiting", [0], 30, 150.0),
        ],
        "sampler": {
            "interval_ms": 5.0,
            "cpu_share": 0.012,
            "late_ms_p99": 0.4,
            "late_ms_max": 31.0,
            "looks": 1000,
            "processes": 1,
            "limits": ["Code in C can only be seen at the line that calls it."],
        },
    }


def sample_in(home: Path, run: str) -> None:
    """Store a sampled firing of all lanes of a run of a dashboard that another process serves."""
    with closing(sqlite3.connect(home / "liveburst.sqlite3", timeout=10)) as database, database:
        lanes = database.execute(
            "SELECT id, name, family FROM dashboard_runlane WHERE run_id = ?", [run]
        ).fetchall()
        assert lanes
        for number, name, family in lanes:
            where = json.dumps(lane_where(name, "holding" if family == "async" else "blocking"))
            database.execute(
                'INSERT INTO dashboard_lanesamples (lane_id, "where", missing) VALUES (?, ?, ?)',
                [number, where, ""],
            )


def _times(state: State, ms: float) -> TimeByState:
    times: TimeByState = {"cpu": 0.0, "blocking": 0.0, "holding": 0.0, "awaiting": 0.0}
    times[state] = ms
    return times


def _line(line: int, leaf: str, ms: TimeByState, share: float, requests: int) -> Line:
    return {
        "path": "shop/views.py",
        "line": line,
        "function": "report",
        "leaf": leaf,
        "ms": ms,
        "share": share,
        "requests": requests,
        "source_from": 39,
        "source": SOURCE,
    }


def _stack(state: State, frames: list[int], looks: int, ms: float) -> Stack:
    return {"state": state, "frames": frames, "looks": looks, "ms": ms, "requests": looks // 10}
