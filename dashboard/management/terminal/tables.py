"""Tables that fit the terminal: names are wrapped, then columns left out; numbers are never cut."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich import box
from rich.cells import cell_len
from rich.table import Table

EDGES = 3  # characters around a cell: a space on each side, and a border
SHORTEST_KEY = 8  # characters of the first column, which is folded if nothing else helps
KEEP = 0
NAMES = r"(?<=.)(?=[@:#])"  # where the name of a lane or a server may be broken
LISTS = r"(?<=[,;]) "


@dataclass(frozen=True)
class Column:
    """One column. The one with the highest `rank` is left out first, one with KEEP never.

    `breaks` is a regular expression that matches where a cell may be wrapped.
    """

    name: str
    cells: Sequence[str]
    rank: int = KEEP
    right: bool = True
    breaks: str = ""
    name_breaks: str = r" (?=\S+$)"

    @property
    def width(self) -> int:
        """The length of its widest line, in characters."""
        lines = [line for text in (self.name, *self.cells) for line in text.split("\n")]
        return max(map(cell_len, lines))

    def broken(self) -> Column:
        """Return the same column with its cells and its heading wrapped."""
        cells = [re.sub(self.breaks, "\n", text) if self.breaks else text for text in self.cells]
        return replace(self, name=re.sub(self.name_breaks, "\n", self.name), cells=cells)


def fit_table(title: str, columns: Sequence[Column], width: int) -> tuple[Table, list[str]]:
    """Return a table of at most `width` characters, and the names of the columns left out.

    The first column is the key: it is always included, and folded if nothing else helps.
    """
    shown = list(columns) if _total(columns) <= width else [column.broken() for column in columns]
    names = {id(short): column.name for short, column in zip(shown, columns, strict=True)}
    left_out: list[str] = []
    while _total(shown) > width and any(column.rank for column in shown[1:]):
        last = max(shown[1:], key=lambda column: column.rank)
        shown.remove(last)
        left_out.append(names[id(last)])
    return _table(title, shown, width), left_out


def split_tables(title: str, columns: Sequence[Column], width: int) -> Iterator[Table]:
    """Yield tables of at most `width` characters that together have all columns.

    Each begins with the first column.
    """
    if _total(columns) > width:
        columns = [column.broken() for column in columns]
    key, *rest = columns
    group: list[Column] = []
    for column in rest:
        if group and _total([key, *group, column]) > width:
            yield _table(title, [key, *group], width)
            group = []
        group.append(column)
    yield _table(title, [key, *group], width)


def fits(columns: Sequence[Column], width: int) -> bool:
    """Return True if the columns fit next to each other, wrapped if need be."""
    return _total([column.broken() for column in columns]) <= width


def _total(columns: Sequence[Column]) -> int:
    return 1 + sum(column.width + EDGES for column in columns)


def _table(title: str, columns: Sequence[Column], width: int) -> Table:
    key = columns[0]
    room = max(SHORTEST_KEY, width - _total(columns) + key.width)
    table = Table(title=title, box=box.ROUNDED, show_lines=any("\n" in text for text in key.cells))
    for column in columns:
        wide = min(key.width, room) if column is key else column.width
        table.add_column(
            column.name,
            justify="right" if column.right else "left",
            width=wide,
            no_wrap=column is not key,
            overflow="fold",
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)
    return table
