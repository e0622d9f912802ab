"""`manage.py prune`: delete old runs for good, and give their room back to the disk."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import connection

from dashboard.database.opening import open_database
from dashboard.management.options import BAD_USAGE, NO_CHECKS
from dashboard.runs.archive import deletion, retention
from dashboard.runs.archive.retention_limits import Limits
from dashboard.wire.errors import Invalid
from dashboard.wire.plural import counted
from dashboard.wire.units import BYTES_PER_MB

OPTIONS = {"keep": "keep", "runs": "runs", "size": "size"}


class Command(BaseCommand):
    """Deletes the oldest runs beyond the limits."""

    help = "Delete old runs for good, and shrink the database."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("--keep", metavar="AGE", help="delete older ones: 90d, 12w, 36h")
        parser.add_argument("--runs", metavar="N", help="keep at most so many")
        parser.add_argument("--size", metavar="SIZE", help="of all runs: 500MB, 2GB")
        parser.add_argument(
            "--keep-pinned",
            action=BooleanOptionalAction,
            default=True,
            help="keep pinned runs, however old",
        )
        parser.add_argument("--dry-run", action="store_true", help="only list them")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, shrink, and print what was done."""
        try:
            limits = Limits.read(options, OPTIONS, keep_pinned=options["keep_pinned"])
        except Invalid as error:
            raise CommandError(str(error), returncode=BAD_USAGE) from None
        open_database()
        runs = retention.surplus(limits)
        if options["dry_run"]:
            for run in runs:
                self.stdout.write(f"{run.pk} of {run.created:%Y-%m-%d %H:%M} UTC")
            self.stdout.write(f"{counted(len(runs), 'run')} would be deleted.")
            return
        retention.delete(runs)
        deletion.purge()
        freed_mb = retention.give_back(Path(connection.settings_dict["NAME"])) / BYTES_PER_MB
        self.stdout.write(
            f"Deleted {counted(len(runs), 'run')}; the database is {freed_mb:.1f} MB smaller."
        )
