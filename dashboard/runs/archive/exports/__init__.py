"""Exports a stored run for other tools: each format is one module that yields text in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dashboard.models import Run
from dashboard.runs.archive.masked import masked_run

from .chrome_trace import trace_pieces
from .run_json import json_pieces
from .samples_csv import csv_pieces


@dataclass(frozen=True)
class Format:
    """An export format; `write` reads from the database as its result is consumed."""

    name: str
    media_type: str
    write: Callable[[Run], Iterator[str]]

    def pieces(self, run: Run) -> Iterator[str]:
        """Yield the exported run, with secrets masked."""
        yield from self.write(masked_run(run))

    def file_name(self, run: Run) -> str:
        """Return the name of the exported file."""
        ending = {"trace": "-trace.json", "card": "-card.svg"}.get(self.name, f".{self.name}")
        return f"liveburst-{run.pk}{ending}"


FORMATS: Mapping[str, Format] = {
    export.name: export
    for export in (
        Format("csv", "text/csv", csv_pieces),
        Format("json", "application/json", json_pieces),
        Format("trace", "application/json", trace_pieces),
    )
}
