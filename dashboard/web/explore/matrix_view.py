"""A matrix as a table: cells shaded by their ratio, rows and columns sorted on request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from urllib.parse import urlencode

from dashboard.web.run.run_view import state_word
from dashboard.web.shared.format import format_interval, format_ratio, format_s
from dashboard.wire.experiments.matrix import MatrixAnswer, MatrixCell

SHADES = 8  # above the lightest, which is 0
MIN_RANGE = log(1.5)  # so that cells that hardly differ have the same shade


@dataclass(frozen=True)
class CellView:
    """A cell. `shade` is 0 for the fastest to 8 for the slowest, or None without a ratio."""

    state: str
    state_word: str
    run: str | None
    total_time: str
    ratio: str
    interval: str
    theory: str
    shade: int | None
    note: int | None  # number of the reason below the table
    baseline: bool
    failed: int


@dataclass(frozen=True)
class Reason:
    """Why cells have no number, with the last lines of the failed server's log."""

    why: str
    log_tail: str


@dataclass(frozen=True)
class Heading:
    """The heading of a row or column, with the query that sorts the table by it."""

    name: str
    family: str
    query: str
    sorted: str  # ascending, descending or empty


@dataclass(frozen=True)
class HeatTable:
    """The table in its displayed order."""

    columns: list[Heading]
    rows: list[tuple[Heading, list[CellView]]]
    reasons: list[Reason]
    least: str
    most: str


def heat_table(answer: MatrixAnswer, *, rows: str = "", columns: str = "") -> HeatTable:
    """Return the table with sorted rows and columns.

    `rows` names the server whose cells sort the rows, `columns` the variant whose cells sort the
    columns; a leading minus reverses the order. Unknown names do not sort.
    """
    cells = {(cell["variant"], cell["server"]): cell for cell in answer["cells"]}
    variants = _sorted(answer["variants"], rows, lambda row, by: cells.get((row, by)))
    servers = _sorted(answer["servers"], columns, lambda column, by: cells.get((by, column)))
    reasons = list(dict.fromkeys(_reason(cell) for cell in answer["cells"] if cell["why"]))
    ratios = [cell["ratio"] for cell in answer["cells"] if cell["ratio"]]
    families = {cell["variant"]: cell["family"] or "" for cell in answer["cells"] if cell["family"]}

    def view(variant: str, server: str) -> CellView:
        cell = cells[variant, server]
        return _view(cell, ratios, reasons, answer["baseline"])

    return HeatTable(
        columns=[_heading(name, "rows", rows, columns) for name in servers],
        rows=[
            (
                _heading(name, "columns", rows, columns, families.get(name, "")),
                [view(name, server) for server in servers],
            )
            for name in variants
        ],
        reasons=reasons,
        least=_end(min(ratios)) if ratios else "",
        most=_end(max(ratios)) if ratios else "",
    )


def _sorted(
    names: Sequence[str], by: str, cell_of: Callable[[str, str], MatrixCell | None]
) -> list[str]:
    """Sort by each name's ratio; names without a ratio come last in both orders."""
    other, sign = by.removeprefix("-"), -1 if by.startswith("-") else 1

    def key(name: str) -> tuple[bool, float]:
        cell = cell_of(name, other)
        ratio = cell["ratio"] if cell else None
        return (ratio is None, sign * (ratio or 0.0))

    return sorted(names, key=key)


def _heading(name: str, what: str, rows: str, columns: str, family: str = "") -> Heading:
    """Return a heading whose link sorts by it, or reverses the order if it is sorted already."""
    current = rows if what == "rows" else columns
    following = f"-{name}" if current == name else name
    parameters = {"rows": rows, "columns": columns, what: following}
    query = urlencode({key: value for key, value in parameters.items() if value})
    order = {name: "ascending", f"-{name}": "descending"}.get(current, "")
    return Heading(name, family, query, order)


def _reason(cell: MatrixCell) -> Reason:
    return Reason(cell["why"], cell["log_tail"])


def _view(
    cell: MatrixCell, ratios: Sequence[float], reasons: list[Reason], baseline: str
) -> CellView:
    interval = cell["interval"]
    return CellView(
        state=cell["state"],
        state_word=state_word(cell["state"]),
        run=cell["run"],
        total_time=format_s(cell["makespan_s"]),
        ratio=format_ratio(cell["ratio"], interval) if cell["ratio"] else "",
        interval=format_interval(cell["ratio"], interval),
        theory=format_s(cell["theory_s"]) if cell["theory_s"] else "",
        shade=_shade(cell["ratio"], ratios) if cell["ratio"] else None,
        note=reasons.index(_reason(cell)) + 1 if cell["why"] else None,
        baseline=cell["lane"] == baseline,
        failed=cell["failed"] or 0,
    )


def _end(ratio: float) -> str:
    """Return an end of the scale; the baseline has a ratio of exactly 1."""
    return "baseline" if ratio == 1 else format_ratio(ratio)


def _shade(ratio: float, ratios: Sequence[float]) -> int:
    least, most = log(min(ratios)), log(max(ratios))
    return round(SHADES * (log(ratio) - least) / max(most - least, MIN_RANGE))
