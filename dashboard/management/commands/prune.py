"""`manage.py prune`: delete old runs and entries of the audit list, and give their room back."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import connection

from dashboard.database.opening import open_database
from dashboard.management.options import BAD_USAGE, NO_CHECKS
from dashboard.runs.archive import audit_retention, deletion, retention
from dashboard.runs.archive.retention_limits import Limits
from dashboard.wire.errors import Invalid
from dashboard.wire.plural import counted
from dashboard.wire.units import BYTES_PER_MB

OPTIONS = {
    "keep": "keep",
    "runs": "runs",
    "size": "size",
    "audit_keep": "audit-keep",
    "audit_entries": "audit-entries",
}


class Command(BaseCommand):
    """Deletes the oldest runs, and the oldest entries of the audit list, beyond the limits."""

    help = "Delete old runs and audit entries for good, and shrink the database."
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
        parser.add_argument(
            "--audit-keep", metavar="AGE", help="delete older entries of the audit list: 365d"
        )
        parser.add_argument(
            "--audit-entries", metavar="N", help="keep at most so many entries of the audit list"
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
            entries = audit_retention.surplus(limits.audit).count()
            self.stdout.write(f"{_what(len(runs), entries)} would be deleted.")
            return
        retention.delete(runs)
        entries = audit_retention.delete(limits.audit)
        deletion.purge()
        freed_mb = retention.give_back(Path(connection.settings_dict["NAME"])) / BYTES_PER_MB
        self.stdout.write(
            f"Deleted {_what(len(runs), entries)}; the database is {freed_mb:.1f} MB smaller."
        )


def _what(runs: int, entries: int) -> str:
    """Return `3 runs`, and with entries of the audit list `3 runs and 1 audit entry`."""
    if not entries:
        return counted(runs, "run")
    return f"{counted(runs, 'run')} and {counted(entries, 'audit entry', 'audit entries')}"
