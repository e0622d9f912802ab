"""A stored run for other tools: each format is one module that yields text, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dashboard.models import Run

from .chrome_trace import trace_pieces
from .run_json import json_pieces
from .samples_csv import csv_pieces


@dataclass(frozen=True)
class Format:
    """One way to write a run down. `pieces` are read from the database as they are asked for."""

    name: str
    media_type: str
    pieces: Callable[[Run], Iterator[str]]

    def file_name(self, run: Run) -> str:
        """What the file is called where somebody keeps it."""
        kind = "json" if self.name == "trace" else self.name
        more = "-trace" if self.name == "trace" else ""
        return f"liveburst-{run.pk}{more}.{kind}"


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format("csv", "text/csv", csv_pieces),
        Format("json", "application/json", json_pieces),
        Format("trace", "application/json", trace_pieces),
    )
}
