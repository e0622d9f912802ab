"""`manage.py import_run`: import a run that another Liveburst exported as JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from dashboard.database.opening import open_database
from dashboard.management.options import BAD_USAGE, NO_CHECKS
from dashboard.runs.archive.imports.import_run import InvalidImport, import_file


class Command(BaseCommand):
    """Imports one file."""

    help = "Import a run that was exported as JSON."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--progress", action="store_true", help="print each step and the result as JSON lines"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Store the run under a new address and print that."""
        open_database()
        step = self._print_step if options["progress"] else _ignore
        try:
            run = import_file(options["file"], step)
        except OSError as error:
            message = f"file: expected one that can be read, found: {error.strerror}"
            raise CommandError(message, returncode=BAD_USAGE) from None
        except InvalidImport as error:
            if options["progress"]:
                self._print(problems=[str(problem) for problem in error.problems])
            raise CommandError(str(error), returncode=BAD_USAGE) from None
        if options["progress"]:
            self._print(run=run.pk)
        else:
            self.stdout.write(run.pk)

    def _print_step(self, step: str) -> None:
        self._print(step=step)

    def _print(self, **state: object) -> None:
        self.stdout.write(json.dumps(state))
        self.stdout.flush()


def _ignore(step: str) -> None:
    """Print nothing."""
