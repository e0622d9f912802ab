"""`prepare`: migrates and creates the rows that the scenarios need."""

import time
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from liveapp import places

LEFT_AFTER_S = 3600.0  # longer than any run may take


class Command(BaseCommand):
    """The lab.toml's only set-up command, since each process takes a while to start."""

    help = "Create the missing database, tables and rows."
    requires_system_checks = ()  # they would import every view

    def handle(self, **options: Any) -> None:
        """Migrate, seed and tidy."""
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA journal_mode=WAL")  # kept in the file from then on
        if _migrations_pending():
            call_command("migrate", interactive=False, verbosity=0)
        call_command("seed_products")
        _tidy()


def _migrations_pending() -> bool:
    """Return True if there are migrations to apply: `migrate` takes its time without any, too."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _tidy() -> None:
    """Remove files that a killed server or worker left, after the longest possible run."""
    long_ago_s = time.time() - LEFT_AFTER_S
    for directory in (places.UPLOADS, places.MESSAGES, places.RESULTS):
        for file in directory.iterdir():
            if file.is_file() and file.stat().st_mtime < long_ago_s:
                file.unlink(missing_ok=True)
