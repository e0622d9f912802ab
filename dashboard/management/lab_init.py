"""`manage.py lab init PATH`: a lab.toml for somebody's project, drafted, checked, written."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.targets.draft import draft, has_scenario
from dashboard.targets.inspection import inspect_project
from dashboard.targets.manifest import Project, load_manifest
from dashboard.wire.errors import InvalidManifest, Problem

NAME = "lab.toml"


def add_init(parser: ArgumentParser) -> None:
    """What `lab init` may be told."""
    parser.add_argument("path", type=Path, metavar="PATH", help="the directory with manage.py")
    parser.add_argument(
        "--python", type=Path, help="the project's interpreter; else that of its .venv"
    )
    parser.add_argument("--settings", dest="settings_module", help="else those of its manage.py")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help=f"else PATH/{NAME}")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def init(options: Mapping[str, Any]) -> tuple[Path, Project]:
    """Look at a project and write its lab.toml; the file, and what it says when it is read.

    Raises InvalidManifest where there is no project, or nothing in it to fire at, or a file
    that must not be lost; TargetFailed where the project does not import.
    """
    if not options["path"].is_dir():
        message = f"expected a directory, found {str(options['path'])!r}"
        raise InvalidManifest(Problem("path", message))
    file = options["output"] or options["path"] / NAME
    if file.exists() and not options["force"]:
        message = f"{file} is there already; expected --force to write over it, or -o"
        raise InvalidManifest(Problem("output", message))
    if not file.parent.is_dir():
        raise InvalidManifest(Problem("output", f"expected a file in a directory, found {file}"))
    python = _interpreter(options["python"])
    seen = inspect_project(options["path"], python=python, settings=options["settings_module"])
    text = draft(seen, file.parent.resolve())
    if not has_scenario(text):
        message = "expected a route that answers GET without values and login, found none"
        raise InvalidManifest(Problem("path", message))
    return file, _write(file, text)


def _interpreter(python: Path | None) -> Path | None:
    """By the name it was given: a virtualenv's interpreter is a symbolic link to another one."""
    if python is None:
        return None
    if not python.is_file():
        raise InvalidManifest(Problem("python", f"expected an interpreter, found {str(python)!r}"))
    return python.absolute()


def _write(file: Path, text: str) -> Project:
    """Write it whole or not at all: a draft that could not be read is none."""
    descriptor, partial = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            output.write(text)
        Path(partial).chmod(0o644)
        load_manifest(Path(partial))
        Path(partial).replace(file)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    return load_manifest(file)
