"""Checks whether a project's database has all of the project's migrations.

    python liveburst_migrations.py APPLICATION FILE

Runs with the project's own Python, in its directory and environment: standard library and the
project's Django, Python 3.9. It imports APPLICATION (`module:attribute`) as a server does, so
that Django is set up just as it is where requests are answered, and changes nothing. The result
is one JSON object in FILE: `pending` (names, `app.migration`) or `error` (`type`, `message`).
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from liveburst_set_up import answered, leave, set_up


def pending(application: str) -> dict[str, object]:
    """Return the migrations that the default database lacks, in the order to apply them."""
    set_up(application)
    connection = import_module("django.db").connection
    executor = import_module("django.db.migrations.executor").MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return {"pending": [f"{migration.app_label}.{migration.name}" for migration, _ in plan]}


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())
    leave(answered(lambda: pending(sys.argv[1])), sys.argv[2])
