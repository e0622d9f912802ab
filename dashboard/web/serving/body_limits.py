"""How large the body of a request may be, by its path. Checked before the body is read."""

from __future__ import annotations

from typing import Final

from dashboard.runs.archive.imports.limits import MOST_BYTES

DEFAULT_BYTES: Final = 2**20  # forms: the largest field is a run's notes, of 10,000 characters
_IMPORT_PATH: Final = b"/runs/import/"
_FORM_BYTES: Final = 2**16  # the other fields of an import, and the boundaries between them


def body_limit(path: bytes) -> int:
    """Return how many bytes the body of a request to this path may have; a query is ignored."""
    is_import = path.partition(b"?")[0].endswith(_IMPORT_PATH)
    return MOST_BYTES + _FORM_BYTES if is_import else DEFAULT_BYTES
