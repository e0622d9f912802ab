"""Exports a stored run for other tools: each format is one module that yields text in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dashboard.models import Run

from .chrome_trace import trace_pieces
from .run_json import json_pieces
from .samples_csv import csv_pieces


@dataclass(frozen=True)
class Format:
    """An export format; `pieces` reads from the database as it is consumed."""

    name: str
    media_type: str
    pieces: Callable[[Run], Iterator[str]]

    def file_name(self, run: Run) -> str:
        """Return the name of the exported file."""
        kind = "json" if self.name == "trace" else self.name
        more = "-trace" if self.name == "trace" else ""
        return f"liveburst-{run.pk}{more}.{kind}"


FORMATS: Mapping[str, Format] = {
    export.name: export
    for export in (
        Format("csv", "text/csv", csv_pieces),
        Format("json", "application/json", json_pieces),
        Format("trace", "application/json", trace_pieces),
    )
}
