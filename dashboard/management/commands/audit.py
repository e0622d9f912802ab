"""`manage.py audit`: who fired, stopped, imported or deleted what, through an exposed page."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from dashboard.accounts import AuditEntry
from dashboard.database.opening import open_database
from dashboard.management.options import NO_CHECKS


class Command(BaseCommand):
    """Prints the audit list, the newest entry last."""

    help = "Print what was done through an exposed page: when, who, from where, what."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("--user", metavar="NAME", help="of this user only")
        parser.add_argument("--last", type=int, default=100, metavar="N", help="at most so many")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the entries."""
        open_database()
        entries = AuditEntry.objects.all()
        if options["user"]:
            entries = entries.filter(user=options["user"])
        for entry in reversed(entries[: max(0, options["last"])]):
            what = " ".join(filter(None, [entry.action, entry.subject, entry.detail]))
            at = f"{entry.at:%Y-%m-%d %H:%M:%S}"
            self.stdout.write(f"{at} UTC  {entry.user} at {entry.address}: {what}")
