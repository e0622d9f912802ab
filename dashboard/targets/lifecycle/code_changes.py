"""Whether a project has changed since its target started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_SUFFIXES = (".py", ".html")
_SKIPPED = {"node_modules", "__pycache__", "site-packages"}


def changed_file(directory: Path, manifest: Path, since_s: float) -> Path | None:
    """Return a file of the project that is newer than `since_s` (of `time.time`), or None.

    Looks at code, templates and the lab.toml; skips virtualenvs, node_modules and hidden
    directories.
    """
    if _modified_s(manifest) > since_s:
        return manifest
    return next((path for path in _files(directory) if _modified_s(path) > since_s), None)


def _files(directory: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(directory):
        if "pyvenv.cfg" in names:  # a virtualenv, whatever its name
            folders.clear()
            continue
        folders[:] = [name for name in folders if name not in _SKIPPED and name[0] != "."]
        yield from (Path(folder, name) for name in names if name.endswith(_SUFFIXES))


def _modified_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # removed meanwhile
        return 0.0
