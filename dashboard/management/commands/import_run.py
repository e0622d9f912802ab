"""`manage.py import_run`: import a run that another Liveburst exported as JSON."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from dashboard.database.opening import open_database
from dashboard.management.options import BAD_USAGE, NO_CHECKS
from dashboard.runs.archive.imports.import_run import InvalidImport, import_run


class Command(BaseCommand):
    """Imports one file."""

    help = "Import a run that was exported as JSON."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        """Store the run under a new address and print that."""
        open_database()
        try:
            run = import_run(options["file"].read_bytes())
        except OSError as error:
            message = f"file: expected one that can be read, found: {error.strerror}"
            raise CommandError(message, returncode=BAD_USAGE) from None
        except InvalidImport as error:
            raise CommandError(str(error), returncode=BAD_USAGE) from None
        self.stdout.write(run.pk)
