"""Reading [version.NAME] of a lab.toml."""

from __future__ import annotations

from pathlib import Path

from dashboard.project.model.version import Version

from .table import Table

REVISION = r"[^-\s]\S*"  # one that begins with a dash would be an option


def read_version(name: str, table: Table, beside: Path) -> Version:
    """A directory, relative to the file, or a revision of the project's own repository."""
    text = table.optional_text("directory")
    revision = table.optional_text("revision", pattern=REVISION, expected="a revision of git")
    directory = (beside / text).resolve() if text else None
    if directory is not None and not directory.is_dir():
        table.refuse("directory", "a directory, relative to this file", text)
    if table.has("directory") == table.has("revision"):
        table.complain("", "expected a directory or a revision, one of the two")
    table.finish()
    return Version(name, directory, revision)
