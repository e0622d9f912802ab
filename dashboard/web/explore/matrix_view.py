"""A matrix as a table: cells shaded by their ratio, rows and columns in the order asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any
from urllib.parse import urlencode

from dashboard.web.shared.format import factor, seconds

SHADES = 8  # above the lightest, which is 0
LEAST_RANGE = log(1.5)  # cells that hardly differ are shaded alike
Cell = Mapping[str, Any]  # of the matrix's answer


@dataclass(frozen=True)
class CellView:
    """One cell. `shade` is 0 for the soonest to 8 for the latest; None: nothing to be shaded."""

    state: str
    run: str | None
    makespan: str
    ratio: str
    interval: str
    theory: str
    shade: int | None
    note: int | None  # number of the reason below the table
    baseline: bool
    failed: int


@dataclass(frozen=True)
class Reason:
    """Why cells have no number, and the last lines of the log of what failed."""

    why: str
    log_tail: str


@dataclass(frozen=True)
class Heading:
    """A row's or a column's, with the address of the table sorted by it."""

    name: str
    family: str
    query: str
    sorted: str  # ascending, descending or empty


@dataclass(frozen=True)
class HeatTable:
    """The whole table, in the order in which it is shown."""

    columns: list[Heading]
    rows: list[tuple[Heading, list[CellView]]]
    reasons: list[Reason]
    least: str
    most: str


def heat_table(answer: Mapping[str, Any], *, rows: str = "", columns: str = "") -> HeatTable:
    """`rows` names the server by whose cells the rows are sorted, `columns` the variant by whose
    the columns are; with a minus in front the other way round. Any other text sorts nothing.
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
        least=factor(min(ratios)) if ratios else "",
        most=factor(max(ratios)) if ratios else "",
    )


def _sorted(names: Sequence[str], by: str, cell_of: Callable[[str, str], Cell | None]) -> list[str]:
    """By the ratio of each one's cell; those without any stand last, either way round."""
    other, sign = by.removeprefix("-"), -1 if by.startswith("-") else 1

    def key(name: str) -> tuple[bool, float]:
        cell = cell_of(name, other)
        ratio = cell["ratio"] if cell else None
        return (ratio is None, sign * (ratio or 0.0))

    return sorted(names, key=key)


def _heading(name: str, what: str, rows: str, columns: str, family: str = "") -> Heading:
    """A press on it sorts by it; the next one the other way round."""
    now = rows if what == "rows" else columns
    then = f"-{name}" if now == name else name
    kept = {"rows": rows, "columns": columns, what: then}
    query = urlencode({key: value for key, value in kept.items() if value})
    order = {name: "ascending", f"-{name}": "descending"}.get(now, "")
    return Heading(name, family, query, order)


def _reason(cell: Cell) -> Reason:
    return Reason(cell["why"], cell["log_tail"])


def _view(cell: Cell, ratios: Sequence[float], reasons: list[Reason], baseline: str) -> CellView:
    interval = cell["interval"]
    return CellView(
        state=cell["state"],
        run=cell["run"],
        makespan=seconds(cell["makespan_s"]),
        ratio=factor(cell["ratio"]) if cell["ratio"] else "",
        interval=f"{interval[0]:.2f} to {interval[1]:.2f}" if interval else "",
        theory=seconds(cell["theory_s"]) if cell["theory_s"] else "",
        shade=_shade(cell["ratio"], ratios) if cell["ratio"] else None,
        note=reasons.index(_reason(cell)) + 1 if cell["why"] else None,
        baseline=cell["lane"] == baseline,
        failed=cell["failed"] or 0,
    )


def _shade(ratio: float, ratios: Sequence[float]) -> int:
    least, most = log(min(ratios)), log(max(ratios))
    return round(SHADES * (log(ratio) - least) / max(most - least, LEAST_RANGE))
