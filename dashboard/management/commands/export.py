"""`manage.py export`: a stored run as a file for other tools."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, call_command

from dashboard.management.options import BAD_USAGE, manifest
from dashboard.models import Run
from dashboard.project.labtoml.load import load_manifest
from dashboard.runs.archive.exports import FORMATS, Format
from dashboard.runs.planning.program import DEFAULT_PROJECT
from dashboard.web.run.single_file import html_format
from dashboard.wire.errors import Invalid

HTML = "html"


class Command(BaseCommand):
    """Writes one run down in one of the formats."""

    help = "Write a stored run to a file or to stdout."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The contract is in docs/commands.md."""
        parser.add_argument("run", metavar="RUN", help="its address's last part, or `last`")
        parser.add_argument("--format", choices=[*FORMATS, HTML], default="json")
        parser.add_argument("-o", "--output", metavar="FILE", help="else stdout")
        parser.add_argument(
            "--project",
            type=manifest,
            default=DEFAULT_PROJECT,
            metavar="lab.toml",
            help="whose code is shown in the HTML",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the run and write it."""
        call_command("migrate", verbosity=0)
        run = find_run(options["run"])
        form = _format(options["format"], options["project"])
        try:
            write(form.pieces(run), options["output"])
        except BrokenPipeError:  # `| head` has seen enough
            sys.stderr.close()


def _format(name: str, project: Path) -> Format:
    """The format of that name. Raises CommandError where the project cannot be read."""
    if name != HTML:
        return FORMATS[name]
    try:
        return html_format(load_manifest(project))
    except Invalid as error:
        raise CommandError(str(error), returncode=BAD_USAGE) from None


def find_run(name: str) -> Run:
    """The run of that address, or the last one. Raises CommandError."""
    runs = Run.objects.all()
    found = runs.first() if name == "last" else runs.filter(pk=name).first()
    if found is None:
        expected = "expected the address of a stored run, or `last`"
        raise CommandError(f"run: {expected}, found {name!r}", returncode=BAD_USAGE)
    return found


def write(pieces: Iterator[str], destination: str | None) -> None:
    """Write piece by piece: a run may be larger than memory. Raises CommandError."""
    if destination is None:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
        return
    try:
        with Path(destination).open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    except OSError as error:
        message = f"output: expected a file that can be written, found {destination}"
        raise CommandError(f"{message} ({error.strerror})", returncode=BAD_USAGE) from None
