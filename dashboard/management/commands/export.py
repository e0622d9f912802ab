"""`manage.py export`: write a stored run to a file for other tools."""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from dashboard.database.opening import open_database
from dashboard.database.problems import as_unusable
from dashboard.management.options import BAD_USAGE, NO_CHECKS, RUN_FAILED, lab_toml_path
from dashboard.models import Run
from dashboard.project.labtoml.load import load_manifest
from dashboard.runs.archive.exports import FORMATS, NEEDS_SAMPLES, Format
from dashboard.runs.planning.program import DEFAULT_PROJECT
from dashboard.state.home import DATABASE, home
from dashboard.targets.supervise.umask import writing_for_the_user
from dashboard.web.run.card.card import CARD
from dashboard.web.run.single_file import html_format
from dashboard.wire.errors import FrameError, Invalid

HTML = "html"
# The formats that need no project.
PLAIN = {**FORMATS, CARD.name: CARD}
UNREADABLE = (
    "run: it cannot be exported, since what is stored of it is not what Liveburst expects;"
    " dashboard.log has the details"
)
logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Writes one run in one of the formats."""

    help = "Write a stored run to a file or to stdout."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("run", metavar="RUN", help="the last part of its address, or `last`")
        parser.add_argument("--format", choices=[*PLAIN, HTML], default="json")
        parser.add_argument("-o", "--output", metavar="FILE", help="default: stdout")
        parser.add_argument(
            "--project",
            type=lab_toml_path,
            default=DEFAULT_PROJECT,
            metavar="lab.toml",
            help="the project whose code is shown in the HTML",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the run and write it."""
        open_database()
        form = _format(options["format"], options["project"])
        try:
            run = find_run(options["run"])
            if not form.has_content(run):
                raise CommandError(NEEDS_SAMPLES, returncode=BAD_USAGE)
            write(form.pieces(run), options["output"])
        except BrokenPipeError:  # such as `| head`
            sys.stderr.close()
        except CommandError:
            raise
        except FrameError as error:
            message = f"run: it cannot be exported: {error}"
            raise CommandError(message, returncode=RUN_FAILED) from None
        except Exception as error:
            if as_unusable(error, home() / DATABASE):
                raise
            logger.exception("A run cannot be exported")
            raise CommandError(UNREADABLE, returncode=RUN_FAILED) from None


def _format(name: str, project: Path) -> Format:
    """Return the format of that name. Raises CommandError if the project cannot be read."""
    if name != HTML:
        return PLAIN[name]
    try:
        return html_format(load_manifest(project))
    except Invalid as error:
        raise CommandError(str(error), returncode=BAD_USAGE) from None


def find_run(name: str) -> Run:
    """Return the run with that address, or the last one. Raises CommandError."""
    runs = Run.objects.all()
    run = runs.first() if name == "last" else runs.filter(pk=name).first()
    if run is None:
        expected = "expected the address of a stored run, or `last`"
        raise CommandError(f"run: {expected}, found {name!r}", returncode=BAD_USAGE)
    return run


def write(pieces: Iterator[str], destination: str | None) -> None:
    """Write piece by piece: a run may be larger than memory. Raises CommandError."""
    if destination is None:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
        return
    try:
        with (
            writing_for_the_user(),
            Path(destination).open("w", encoding="utf-8", newline="") as file,
        ):
            file.writelines(pieces)
    except OSError as error:
        message = f"output: expected a file that can be written, found {destination}"
        raise CommandError(f"{message} ({error.strerror})", returncode=BAD_USAGE) from None
