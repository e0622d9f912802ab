"""The sentence on what else differs between two versions of a lane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboard.analysis.text.numbers import milliseconds, significant
from dashboard.wire.report.verdict import SecondaryReport

UNITS = {
    "peak_rss_mb": "MiB of memory",
    "cpu_ms_per_request": "of CPU per request",
    "peak_threads": "threads",
    "queries": "queries per request",
}


def secondary_sentences(differences: Sequence[SecondaryReport]) -> Iterator[str]:
    """Yield one sentence for each pair of versions."""
    by_pair: dict[tuple[str, str], list[str]] = {}
    for difference in differences:
        pair = difference["first"], difference["second"]
        by_pair.setdefault(pair, []).append(_change(difference))
    for (first, second), changes in by_pair.items():
        yield f"{second} compared with {first}: {', '.join(changes)} (single values, not tested)."


def _change(difference: SecondaryReport) -> str:
    """Return "222 → 122 MiB of memory"."""
    in_ms = difference["metric"] == "cpu_ms_per_request"
    first, second = (
        milliseconds(value) if in_ms else significant(value, 3) for value in difference["values"]
    )
    return f"{first} → {second} {UNITS[difference['metric']]}"
