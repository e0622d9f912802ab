"""Writes a drafted lab.toml, its schema and its files of rows: valid, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dashboard.project.labtoml.load import load_manifest, read_draft
from dashboard.project.labtoml.schema import SCHEMA_FILE, lab_schema
from dashboard.project.project import Project
from dashboard.targets.onboarding.draft.lab_toml import has_scenario
from dashboard.targets.onboarding.route_rows import RowsFile
from dashboard.targets.supervise.umask import writing_for_the_user
from dashboard.wire.errors import InvalidManifest, Problem


def write_draft(file: Path, text: str) -> Project:
    """Write the draft and return its project; write nothing if the draft is not valid."""
    descriptor, partial = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            output.write(text)
        Path(partial).chmod(0o644)
        project = _load(Path(partial), text)
        Path(partial).replace(file)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    return replace(project, path=file.resolve())


def write_schema(directory: Path, force: bool) -> None:
    """Write the schema to which the draft's first line refers an editor.

    It has to be in the draft's directory: no address of it would be right on every machine.
    """
    file = directory / SCHEMA_FILE
    if force or not file.exists():
        with writing_for_the_user():
            file.write_text(lab_schema(), encoding="utf-8")


@contextmanager
def rows_written(directory: Path, files: Sequence[RowsFile], force: bool) -> Iterator[None]:
    """Write files of rows for a draft; delete the new ones again if it is not written.

    Raises InvalidManifest if one exists already, without `force`.
    """
    paths = [directory / file.name for file in files]
    there = [path for path in paths if path.exists()]
    if there and not force:
        message = f"{there[0]} exists already; expected --force to overwrite it"
        raise InvalidManifest(Problem("rows", message))
    try:
        with writing_for_the_user():
            for path, file in zip(paths, files, strict=True):
                path.parent.mkdir(exist_ok=True)
                path.write_text(file.text, encoding="utf-8")
        yield
    except BaseException:
        delete_rows([path for path in paths if path not in there])
        raise


def delete_rows(paths: Sequence[Path]) -> None:
    """Delete files of rows, and their directory if nothing else is in it."""
    for path in paths:
        path.unlink(missing_ok=True)
    for directory in {path.parent for path in paths}:
        if directory.is_dir() and not any(directory.iterdir()):
            directory.rmdir()


def _load(file: Path, text: str) -> Project:
    """Load the draft; one of which no path answered has no scenarios."""
    return load_manifest(file) if has_scenario(text) else read_draft(text, file)
