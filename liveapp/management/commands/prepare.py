"""`prepare`: migrates and creates the rows that the scenarios need."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from liveapp.prepared import tidy, version


class Command(BaseCommand):
    """What `python -m liveapp.prepare` does where the database is not prepared."""

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
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA user_version={version()}")
        tidy()


def _migrations_pending() -> bool:
    """Return True if there are migrations to apply: `migrate` takes its time without any, too."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
