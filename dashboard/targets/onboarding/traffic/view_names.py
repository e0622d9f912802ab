"""The columns of a drafted view: their names, and which of them have one value only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import quote

SAFE = "/~:@!$&'()*+,;="  # what Django's `reverse` leaves in a path


def unique_columns(wanted: Iterable[str]) -> list[str]:
    """Return names of columns, no two alike."""
    taken: set[str] = set()
    names = []
    for text in wanted:
        base = _identifier(text)
        name, number = base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name)
        names.append(name)
    return names


def columns_of_segments(segments: tuple[str | None, ...]) -> Iterator[str]:
    """Yield for each value in a path a name, after the fixed part in front of it."""
    before = "value"
    for segment in segments:
        if segment is None:
            yield before
        elif segment:
            before = segment


def path_text(segments: Iterable[str]) -> str:
    """Return a path of segments, percent-encoded except for `{column}`."""
    return "".join(f"/{segment}" for segment in segments)


def encoded(text: str, safe: str = SAFE) -> str:
    """Return a fixed part of a path or a query, percent-encoded; braces are, too."""
    return quote(text, safe=safe)


def _identifier(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"\W+", "_", plain).strip("_").lower()[:40]
    return name if name and not name[0].isdigit() else f"value_{name}".rstrip("_")
