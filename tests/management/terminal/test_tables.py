"""Tables at every width: names are wrapped, columns left out, numbers never cut."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table

from dashboard.analysis.text.numbers import seconds_of, with_ends
from dashboard.management.commands.matrix import matrix_tables
from dashboard.management.commands.sweep import sweep_columns
from dashboard.management.terminal.result_table import (
    BURST_COLUMNS,
    CONNECTIONS,
    RATE_COLUMNS,
    result_table,
)
from dashboard.management.terminal.tables import fit_table

WIDTHS = st.integers(40, 200)
VARIANTS = ("sync", "async-blocking", "async-to-thread-with-a-long-name")
SERVERS = (
    *("daphne", "gunicorn-gthread", "gunicorn-gthread:threads=32,processes=2", "uvicorn#before"),
    *("gunicorn-gevent", "waitress"),
)
LANES = [f"{variant}@{server}" for variant in VARIANTS for server in SERVERS]
lane_names = st.lists(st.sampled_from(LANES), min_size=1, max_size=4, unique=True)
times_ms = st.none() | st.floats(0.001, 999_999)
errors = st.dictionaries(
    st.sampled_from(["timeout", "refused", "connection-closed", "status-503"]),
    st.integers(1, 99_999),
    max_size=3,
)


def printed(tables: Iterable[Table], width: int) -> str:
    """Return the terminal's output, of which no line may be wider than `width`."""
    text = io.StringIO()
    console = Console(file=text, width=width)
    for table in tables:
        console.print(table)
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in text.getvalue()
    return text.getvalue()


def cells_of(text: str) -> list[str]:
    """Every line of every cell."""
    return [cell.strip() for cell in re.split(r"[│\n]", text)]


def first_column(text: str) -> str:
    """Its lines one after the other."""
    return "".join(line.split("│")[1].strip() for line in text.splitlines() if line[0] == "│")


pools = st.none() | st.fixed_dictionaries({"limit": st.integers(1, 9999)})
databases = st.lists(
    st.fixed_dictionaries({"open_max": st.integers(0, 9999), "pool": pools}), max_size=2
)


@st.composite
def reports(draw: st.DrawFn) -> dict[str, Any]:
    """A report as the table reads it, with any numbers."""
    rate = draw(st.booleans())
    burst = {"kind": "burst", "requests": 100, "concurrency": 10}
    return {
        "scenario": "sleep",
        "load": {"kind": "rate", "rate_rps": 40, "duration_s": 2, "poisson": False}
        if rate
        else burst,
        "lanes": [
            {
                "lane": name,
                "requests": 100,
                "errors": draw(errors),
                "makespan_s": draw(st.lists(st.floats(0.001, 9999), max_size=1)),
                "latency_ms": {"p50": draw(times_ms), "p95": draw(times_ms)},
                "service_ms": {"p95": draw(times_ms)},
                "neighbour": None,
                "target": draw(st.none() | st.fixed_dictionaries({"connections": databases})),
                "rate": {"achieved_rps": draw(st.floats(0.1, 99_999)), "keeps_up": True}
                if rate
                else None,
                "server_side": {
                    "peak_in_app": draw(st.none() | st.integers(0, 9999)),
                    "peak_threads": draw(st.none() | st.integers(0, 9999)),
                    "peak_rss_mb": draw(times_ms),
                    "cpu_ms_per_request": draw(times_ms),
                },
            }
            for name in draw(lane_names)
        ],
    }


@given(reports(), WIDTHS)
def test_a_result_at_every_width(report: Any, width: int) -> None:
    table, left_out = result_table(report, width)
    text = printed([table], width)
    cells = cells_of(text)
    columns = RATE_COLUMNS if report["load"]["kind"] == "rate" else BURST_COLUMNS
    used = any(columns[CONNECTIONS](lane) != "–" for lane in report["lanes"])
    for name, cell in columns.items():
        for lane in report["lanes"]:
            if name not in left_out and (used or name != CONNECTIONS):
                pieces = re.split(r"(?<=[,;]) ", cell(lane))
                assert cell(lane) in cells or all(piece in cells for piece in pieces)
    for lane in report["lanes"]:  # its name is broken, never shortened
        assert lane["lane"] in first_column(text)
    assert next(iter(columns)) not in left_out
    if width >= 190:
        assert not left_out or max(len(cell) for cell in cells) > 40


@given(
    st.lists(st.sampled_from(VARIANTS), min_size=1, unique=True),
    st.lists(st.sampled_from(SERVERS), min_size=1, unique=True),
    st.floats(0.001, 99_999),
    st.sampled_from(["measured", "refused", "not-fired"]),
    WIDTHS,
)
def test_a_matrix_at_every_width(
    variants: list[str], servers: list[str], makespan_s: float, state: str, width: int
) -> None:
    cells = [
        {
            "variant": variant,
            "server": server,
            "state": state,
            "makespan_s": makespan_s,
            "ratio": makespan_s,
            "answer": "differs",
            "why": "" if width % 2 else "disturbed",
        }
        for variant in variants
        for server in servers
    ]
    answer: Any = {
        "scenario": "sleep", "baseline": "sync@daphne",
        "variants": variants, "servers": servers, "cells": cells,
    }  # fmt: skip
    shown = cells_of(printed(matrix_tables(answer, width), width))
    expected = seconds_of(makespan_s) if state == "measured" else state
    assert shown.count(expected) == len(cells)


@given(
    lane_names,
    st.lists(st.floats(1, 10_000), min_size=1, max_size=4),
    st.floats(0.001, 999),
    st.sampled_from(["concurrency", "rate", "a_parameter_with_a_long_name"]),
    WIDTHS,
)
def test_a_sweep_at_every_width(
    lanes: list[str], levels: list[float], ratio: float, over: str, width: int
) -> None:
    answer: Any = {
        "scenario": "sleep", "over": {"name": over}, "lanes": lanes, "baseline": lanes[0],
        "levels": [
            {
                "at": at,
                "lanes": [
                    {
                        "lane": lane, "throughput_rps": 99 * ratio, "p95_ms": 999 * ratio,
                        "ratio": ratio, "interval": [0.9 * ratio, 1.1 * ratio],
                        "standing": "undecided" if place else "baseline",
                    }
                    for place, lane in enumerate(lanes)
                ],
            }
            for at in levels
        ],
    }  # fmt: skip
    tables = [fit_table(title, columns, width) for title, columns in sweep_columns(answer, width)]
    cells = cells_of(printed([table for table, _ in tables], width))
    words, ends = with_ends(ratio, [0.9 * ratio, 1.1 * ratio])
    intervals = cells.count(f"{words} ({ends})") + cells.count(f"({ends})")
    assert intervals >= len(levels) * (len(lanes) - 1)
    assert all("ratio" not in left_out for _, left_out in tables)
