"""Whether a project has changed since its target started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SUFFIXES = (".py", ".html")
_SKIPPED = {"node_modules", "__pycache__", "site-packages"}


@dataclass(frozen=True)
class Scan:
    """When a project's files were last modified (of `time.time`): its lab.toml and the newest."""

    manifest: Path
    manifest_s: float
    newest: Path
    newest_s: float

    @classmethod
    def of(cls, directory: Path, manifest: Path) -> Scan:
        """Look at code, templates and the lab.toml.

        Virtualenvs, node_modules and hidden directories are skipped. Takes 5 µs per file.
        """
        newest, newest_s = os.fspath(directory), 0.0
        for entry in _files(directory):
            with suppress(OSError):  # removed meanwhile
                modified_s = entry.stat().st_mtime
                if modified_s > newest_s:
                    newest, newest_s = entry.path, modified_s
        return cls(manifest, _modified_s(manifest), Path(newest), newest_s)

    def changed_since(self, since_s: float) -> Path | None:
        """Return a file that is newer than `since_s`, the lab.toml first, or None."""
        if self.manifest_s > since_s:
            return self.manifest
        return self.newest if self.newest_s > since_s else None


def _files(directory: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the files to look at; `os.walk` and a `Path` for each take three times as long."""
    folders = [os.fspath(directory)]
    while folders:
        entries = _entries(folders.pop())
        if any(entry.name == "pyvenv.cfg" for entry in entries):  # a virtualenv, whatever its name
            continue
        for entry in entries:
            if entry.name.endswith(_SUFFIXES):
                yield entry
            elif entry.name not in _SKIPPED and entry.name[0] != "." and _is_folder(entry):
                folders.append(entry.path)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        return list(entries)
    return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        return entry.is_dir(follow_symlinks=False)
    return False


def _modified_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # removed meanwhile
        return 0.0
