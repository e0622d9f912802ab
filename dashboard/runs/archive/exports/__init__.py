"""Exports a stored run for other tools: each format is one module that yields text in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dashboard.models import Run
from dashboard.runs.archive.masked import masked_run

from .chrome_trace import trace_pieces
from .run_json import json_pieces
from .sampled_stacks import perfetto_pieces, speedscope_pieces, was_sampled
from .samples_csv import csv_pieces

ENDINGS: Mapping[str, str] = {
    "trace": "-trace.json",
    "card": "-card.svg",
    "perfetto": "-perfetto.json",
    "speedscope": ".speedscope.json",
}
NEEDS_SAMPLES = (
    "run: no lane of it was sampled: fire it with `burst --where`, or press *Sample* at *Where* on"
    " its page"
)


def of_any_run(_: Run) -> bool:
    """Return True: the format has something to export of every run."""
    return True


@dataclass(frozen=True)
class Format:
    """An export format; `write` reads from the database as its result is consumed.

    `has_content` is False for a run of which the format has nothing to export.
    """

    name: str
    media_type: str
    write: Callable[[Run], Iterator[str]]
    has_content: Callable[[Run], bool] = of_any_run

    def pieces(self, run: Run) -> Iterator[str]:
        """Yield the exported run, with secrets masked."""
        yield from self.write(masked_run(run))

    def file_name(self, run: Run) -> str:
        """Return the name of the exported file."""
        return f"liveburst-{run.pk}{ENDINGS.get(self.name, f'.{self.name}')}"


FORMATS: Mapping[str, Format] = {
    export.name: export
    for export in (
        Format("csv", "text/csv", csv_pieces),
        Format("json", "application/json", json_pieces),
        Format("trace", "application/json", trace_pieces),
        Format("speedscope", "application/json", speedscope_pieces, was_sampled),
        Format("perfetto", "application/json", perfetto_pieces, was_sampled),
    )
}
